using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrleansBroker.Embedded.Documents;

/// <summary>
/// What a document is called on disk: its name with everything escaped that a file's name must not have, so that it may be the
/// name of a file. Case that some file systems ignore is not to be relied on in names.
/// </summary>
internal static class DocumentKeys
{
    private const int PlainLengthMax = 240;
    private const int HashDigits = 64;

    private static readonly SearchValues<char> Plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    public static string Of(string name)
    {
        if (name.Length <= PlainLengthMax && !name.AsSpan().ContainsAnyExcept(Plain))
        {
            return name;
        }

        var escaped = new StringBuilder(name.Length + 8);
        foreach (var character in name)
        {
            if (Plain.Contains(character))
            {
                escaped.Append(character);
            }
            else
            {
                escaped.Append('%').Append(((int)character).ToString("x4", CultureInfo.InvariantCulture));
            }
        }

        // File names have an end, at 255 bytes as a rule; topic names may be nearly as long before they are escaped.
        return escaped.Length <= PlainLengthMax
            ? escaped.ToString()
            : $"{escaped.ToString(0, PlainLengthMax - HashDigits)}%{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))}";
    }
}
