using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Embedded;

/// <summary>
/// Documents as files in one directory. A write goes to another name, is flushed, and takes the document's name at once, so
/// that a crash leaves the old content or the new.
/// <code>
/// etag, 32 hex digits | blank | CRC-32C of the content, 8 hex digits | newline | content
/// </code>
/// </summary>
/// <remarks>One process uses the directory: the data directory's lock sees to that.</remarks>
public sealed class FileDocumentStore : IDocumentStore
{
    private const int HeaderBytes = 32 + 1 + 8 + 1;
    private const string Unfinished = ".tmp";
    private const int PlainLengthMax = 240;
    private const int HashDigits = 64;

    private static readonly SearchValues<char> Plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    // A document is written by one at a time; documents that fall on one lock merely wait for each other.
    private readonly Lock[] _writing = [.. Enumerable.Range(0, 64).Select(_ => new Lock())];
    private readonly Lock _flushing = new();
    private readonly IFileSystem _files;
    private readonly string _directory;
    private long _changes;
    private long _flushedChanges;

    public FileDocumentStore(IFileSystem files, string directory)
    {
        _files = files;
        _directory = directory;
        if (!files.DirectoryExists(directory))
        {
            files.CreateDirectory(directory);
            files.FlushDirectory(Path.GetDirectoryName(directory)!);
        }

        foreach (var name in files.ListFiles(directory).Where(name => name.EndsWith(Unfinished, StringComparison.Ordinal)))
        {
            files.DeleteFile(Path.Combine(directory, name));
        }
    }

    public ValueTask<StoredDocument?> ReadAsync(string name, CancellationToken cancellation) => new(Read(PathOf(name)));

    public ValueTask<string?> WriteAsync(string name, ReadOnlyMemory<byte> content, string? expectedETag, CancellationToken cancellation)
    {
        var path = PathOf(name);
        lock (LockOf(path))
        {
            if (Read(path)?.ETag != expectedETag)
            {
                return new((string?)null);
            }

            var etag = Guid.NewGuid().ToString("N");
            using (var file = _files.Open(path + Unfinished))
            {
                var bytes = new byte[HeaderBytes + content.Length];
                Encoding.ASCII.GetBytes($"{etag} {Crc32C.Compute(content.Span):x8}\n", bytes);
                content.CopyTo(bytes.AsMemory(HeaderBytes));
                file.Write(0, bytes);
                file.SetLength(bytes.Length);
                file.Flush();
            }

            _files.RenameFile(path + Unfinished, path);
            FlushDirectory();
            return new(etag);
        }
    }

    public ValueTask<bool> DeleteAsync(string name, string expectedETag, CancellationToken cancellation)
    {
        var path = PathOf(name);
        lock (LockOf(path))
        {
            if (Read(path)?.ETag != expectedETag)
            {
                return new(false);
            }

            _files.DeleteFile(path);
            FlushDirectory();
            return new(true);
        }
    }

    private StoredDocument? Read(string path)
    {
        if (!_files.FileExists(path))
        {
            return null;
        }

        using var file = _files.OpenRead(path);
        var bytes = new byte[file.Length];
        var read = 0;
        while (read < bytes.Length && file.Read(read, bytes.AsSpan(read)) is > 0 and var count)
        {
            read += count;
        }

        return Parse(bytes.AsMemory(0, read)) ?? throw new IOException($"{path} is corrupt");
    }

    private static StoredDocument? Parse(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < HeaderBytes)
        {
            return null;
        }

        var header = Encoding.ASCII.GetString(bytes.Span[..HeaderBytes]);
        var content = bytes[HeaderBytes..];
        var isWhole = uint.TryParse(header.AsSpan(33, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var crc) && crc == Crc32C.Compute(content.Span);
        return isWhole ? new StoredDocument(content, header[..32]) : null;
    }

    /// <summary>Makes this thread's change of the directory durable; one flush does for all changes that came before it.</summary>
    private void FlushDirectory()
    {
        var mine = Interlocked.Increment(ref _changes);
        lock (_flushing)
        {
            if (_flushedChanges >= mine)
            {
                return;
            }

            var covered = Interlocked.Read(ref _changes);
            _files.FlushDirectory(_directory);
            _flushedChanges = covered;
        }
    }

    private Lock LockOf(string path) => _writing[(uint)path.GetHashCode(StringComparison.Ordinal) % (uint)_writing.Length];

    /// <summary>A name has characters that a file's must not have, and case that some file systems ignore is not to be relied on in names.</summary>
    private string PathOf(string name)
    {
        if (name.Length <= PlainLengthMax && !name.AsSpan().ContainsAnyExcept(Plain))
        {
            return Path.Combine(_directory, name);
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
        var file = escaped.Length <= PlainLengthMax
            ? escaped.ToString()
            : $"{escaped.ToString(0, PlainLengthMax - HashDigits)}%{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))}";
        return Path.Combine(_directory, file);
    }
}
