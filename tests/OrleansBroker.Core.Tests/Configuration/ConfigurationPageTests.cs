using OrleansBroker.Core.Configuration;

namespace OrleansBroker.Core.Tests.Configuration;

public sealed class ConfigurationPageTests
{
    [Fact]
    public void The_page_says_what_the_tables_say()
    {
        var path = Path.Combine(Root(), "docs", "operations", "configuration.md");
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, ConfigurationPage.Print());
        }

        Assert.True(File.Exists(path) && File.ReadAllText(path) == ConfigurationPage.Print(), $"{path} is stale: run the tests with UPDATE_DOCS=1");
    }

    private static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "OrleansBroker.sln")))
        {
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("no solution above the tests");
        }

        return directory;
    }
}
