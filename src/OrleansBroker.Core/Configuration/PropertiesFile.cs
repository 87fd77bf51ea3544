using System.Globalization;
using System.Text;

namespace OrleansBroker.Core.Configuration;

/// <summary>
/// Java's properties format, in which Kafka's server.properties is written: a key and a value on a line, divided by
/// <c>=</c>, <c>:</c> or blanks; <c>#</c> and <c>!</c> begin comments; a line that ends in a backslash goes on in the next;
/// <c>\t \n \r \f \uXXXX</c> and a backslash before any other character are escapes.
/// </summary>
public static class PropertiesFile
{
    /// <summary>The pairs in the order of the text, a key that comes twice twice. A broken escape stands as it is written.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Parse(string text)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var line in LogicalLines(text))
        {
            var keyEnd = KeyEnd(line);
            var valueStart = SkipBlanks(line, keyEnd);
            if (valueStart < line.Length && line[valueStart] is '=' or ':')
            {
                valueStart = SkipBlanks(line, valueStart + 1);
            }

            pairs.Add(new(Unescape(line.AsSpan(0, keyEnd)), Unescape(line.AsSpan(valueStart))));
        }

        return pairs;
    }

    private static IEnumerable<string> LogicalLines(string text)
    {
        var whole = new StringBuilder();
        foreach (var natural in text.ReplaceLineEndings("\n").Split('\n'))
        {
            var line = natural.TrimStart(' ', '\t', '\f');
            if (whole.Length == 0 && (line.Length == 0 || line[0] is '#' or '!'))
            {
                continue;
            }

            if (EndsInEscape(line))
            {
                whole.Append(line, 0, line.Length - 1);
                continue;
            }

            yield return whole.Append(line).ToString();
            whole.Clear();
        }

        if (whole.Length > 0)
        {
            yield return whole.ToString();
        }
    }

    private static bool EndsInEscape(string line) => (line.Length - line.AsSpan().TrimEnd('\\').Length) % 2 == 1;

    private static int KeyEnd(string line)
    {
        for (var at = 0; at < line.Length; at++)
        {
            if (line[at] == '\\')
            {
                at++;
            }
            else if (line[at] is '=' or ':' or ' ' or '\t' or '\f')
            {
                return at;
            }
        }

        return line.Length;
    }

    private static int SkipBlanks(string line, int at)
    {
        while (at < line.Length && line[at] is ' ' or '\t' or '\f')
        {
            at++;
        }

        return at;
    }

    private static string Unescape(ReadOnlySpan<char> text)
    {
        if (!text.Contains('\\'))
        {
            return text.ToString();
        }

        var plain = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '\\' || at + 1 == text.Length)
            {
                plain.Append(text[at]);
                continue;
            }

            at++;
            if (text[at] == 'u' && at + 4 < text.Length && ushort.TryParse(text.Slice(at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
            {
                plain.Append((char)code);
                at += 4;
                continue;
            }

            plain.Append(text[at] switch { 't' => '\t', 'n' => '\n', 'r' => '\r', 'f' => '\f', var other => other });
        }

        return plain.ToString();
    }
}
