using System.Globalization;
using System.Text;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Embedded.Documents;

/// <summary>
/// A document as a file of its own, named by its key: how documents were kept before there was a journal.
/// <code>
/// etag, 32 hex digits | blank | CRC-32C of the content, 8 hex digits | newline | content
/// </code>
/// </summary>
internal static class DocumentFile
{
    private const int HeaderBytes = 32 + 1 + 8 + 1;
    private const int CrcAt = 33;

    /// <exception cref="IOException">It cannot be read, or is not what was written.</exception>
    public static ReadOnlyMemory<byte> Read(IFileSystem files, string path)
    {
        ReadOnlyMemory<byte> bytes = WholeFile.Read(files, path);
        if (bytes.Length >= HeaderBytes)
        {
            var header = Encoding.ASCII.GetString(bytes.Span[..HeaderBytes]);
            var content = bytes[HeaderBytes..];
            if (uint.TryParse(header.AsSpan(CrcAt, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var crc) && crc == Crc32C.Compute(content.Span))
            {
                return content;
            }
        }

        throw new IOException($"{path} is corrupt");
    }
}
