using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Storage.Files;

/// <summary>An open file. Reads may run beside writes; writes are the caller's to order.</summary>
public interface IFile : IRecordSource, IDisposable
{
    string Path { get; }

    /// <summary>Bytes.</summary>
    long Length { get; }

    /// <summary>Writes all of <paramref name="bytes"/> at <paramref name="position"/>. After a failure part of them may have been written.</summary>
    void Write(long position, ReadOnlySpan<byte> bytes);

    /// <summary>Cuts the file, or extends it with zeros.</summary>
    void SetLength(long length);

    /// <summary>Returns once all that was written survives a power loss (fsync).</summary>
    void Flush();
}
