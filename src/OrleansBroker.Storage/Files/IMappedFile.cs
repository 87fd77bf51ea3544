namespace OrleansBroker.Storage.Files;

/// <summary>A file mapped into memory, for indexes. What is written to <see cref="Span"/> survives the process at once and a power loss after <see cref="Flush"/>.</summary>
public interface IMappedFile : IDisposable
{
    string Path { get; }

    /// <summary>The whole file. Not to be touched after disposal.</summary>
    Span<byte> Span { get; }

    /// <summary>Returns once the content survives a power loss (msync).</summary>
    void Flush();

    /// <summary>Unmaps the file and cuts it to <paramref name="length"/> bytes.</summary>
    void CloseAt(long length);
}
