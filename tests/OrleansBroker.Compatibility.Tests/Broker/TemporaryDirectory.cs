namespace OrleansBroker.Compatibility.Tests.Broker;

/// <summary>A directory that is gone when its test is; its name has a space in it, as a user's may.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("orleans broker ").FullName;

    public string Below(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // A process under test was still deleting in it.
        }
    }
}
