using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Embedded;

namespace OrleansBroker.Silo;

/// <summary>Makes a broker's options of the command line and the configuration file: what is said later wins, and an option over a setting.</summary>
internal static class BrokerSettings
{
    private const string DefaultDataDirectory = "data";

    public static EmbeddedBrokerOptions? TryBuild(CommandLine commandLine, ILoggerFactory loggers, out string problem)
    {
        if (ReadFile(commandLine.ConfigFile, out problem) is not { } settings)
        {
            return null;
        }

        settings.AddRange(commandLine.Settings);
        AddEndpoint(settings, "listeners", commandLine.Listen);
        AddEndpoint(settings, "advertised.listeners", commandLine.Advertise);
        if (commandLine.Data is not null)
        {
            settings.Add(new("log.dirs", commandLine.Data));
        }

        if (!BrokerConfig.TryCreate(settings, out var config, out var problems))
        {
            problem = string.Join("; ", problems.Select(found => $"{found.Name}: {found.Message}"));
            return null;
        }

        return new EmbeddedBrokerOptions
        {
            Config = config,
            DataDirectory = config.LogDirectory ?? DefaultDataDirectory,
            Loggers = loggers,
        };
    }

    private static void AddEndpoint(List<KeyValuePair<string, string>> settings, string name, string? endpoint)
    {
        if (endpoint is not null)
        {
            settings.Add(new(name, $"PLAINTEXT://{endpoint}"));
        }
    }

    private static List<KeyValuePair<string, string>>? ReadFile(string? path, out string problem)
    {
        problem = string.Empty;
        if (path is null)
        {
            return [];
        }

        try
        {
            return [.. PropertiesFile.Parse(File.ReadAllText(path))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"--config {path}: {e.Message}";
            return null;
        }
    }
}
