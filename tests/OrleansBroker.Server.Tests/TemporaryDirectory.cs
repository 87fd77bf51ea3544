namespace OrleansBroker.Server.Tests;

internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ob-server-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
