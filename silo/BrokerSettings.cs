using System.Globalization;
using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Embedded;
using OrleansBroker.Embedded.Cluster;

namespace OrleansBroker.Silo;

/// <summary>Makes a broker's options of the command line and the configuration file: what is said later wins, and an option over a setting.</summary>
internal static class BrokerSettings
{
    private const string DefaultDataDirectory = "data";

    private const string DefaultListen = "127.0.0.1:9092";

    public static EmbeddedBrokerOptions? TryBuild(CommandLine commandLine, ILoggerFactory loggers, out string problem)
    {
        var settings = ReadSettings(commandLine);
        AddEndpoint(settings, "listeners", commandLine.Listen);
        AddEndpoint(settings, "advertised.listeners", commandLine.Advertise);
        var silo = commandLine.Silo;
        if (!silo.IsAlone)
        {
            // What is said of it comes after it.
            settings.Insert(0, new("min.insync.replicas", "2"));
        }

        if (silo.BrokerId is { } id)
        {
            settings.Add(new("node.id", id.ToString(CultureInfo.InvariantCulture)));
        }
        else if (!silo.IsAlone && !settings.Exists(setting => setting.Key is "node.id" or "broker.id"))
        {
            problem = $"--broker-id: is needed with --clustering {silo.Clustering}, or node.id in the configuration";
            return null;
        }

        if (commandLine.Racks.Count > 0)
        {
            settings.Add(new("broker.rack", commandLine.Racks[0]));
        }

        return TryCreate(commandLine, settings, out problem) is { } config
            ? new EmbeddedBrokerOptions { Config = config, DataDirectory = config.LogDirectory ?? DefaultDataDirectory, Loggers = loggers }
            : null;
    }

    /// <summary>As <see cref="TryBuild"/>, for several brokers: what a single one is told by listeners and node.id follows from their number.</summary>
    public static EmbeddedClusterOptions? TryBuildCluster(CommandLine commandLine, ILoggerFactory loggers, out string problem)
    {
        var settings = ReadSettings(commandLine);
        if (TryCreate(commandLine, settings, out problem) is not { } config)
        {
            return null;
        }

        if (commandLine.Advertise is not null)
        {
            problem = "--advertise: brokers of one process are told to clients as they listen";
            return null;
        }

        foreach (var name in new[] { "listeners", "advertised.listeners", "node.id", "broker.id", "broker.rack" })
        {
            if (settings.Exists(setting => setting.Key == name))
            {
                problem = $"{name}: not with --brokers, which gives each broker its own";
                return null;
            }
        }

        if (!CommandLine.TryParseEndpoint(commandLine.Listen ?? DefaultListen, out var host, out var port))
        {
            problem = $"--listen {commandLine.Listen}: not of the form HOST:PORT";
            return null;
        }

        return new EmbeddedClusterOptions
        {
            Brokers = commandLine.Brokers,
            DataDirectory = config.LogDirectory ?? DefaultDataDirectory,
            Host = host,
            Port = port,
            Racks = commandLine.Racks,
            Settings = [.. settings.Where(setting => setting.Key is not ("log.dirs" or "log.dir"))],
            Loggers = loggers,
        };
    }

    private static List<KeyValuePair<string, string>> ReadSettings(CommandLine commandLine)
    {
        List<KeyValuePair<string, string>> settings = [.. commandLine.FileSettings, .. commandLine.Settings];
        if (commandLine.Data is not null)
        {
            settings.Add(new("log.dirs", commandLine.Data));
        }

        return settings;
    }

    private static BrokerConfig? TryCreate(CommandLine commandLine, IEnumerable<KeyValuePair<string, string>> settings, out string problem)
    {
        var isUsable = BrokerConfig.TryCreate(settings, out var config, out var problems);
        problem = string.Join("; ", problems.Select(found => $"{Place(commandLine, found.Name)}{found.Name}: {found.Message}"));
        return isUsable ? config : null;
    }

    /// <summary>Where a setting stands, for those who look for it.</summary>
    private static string Place(CommandLine commandLine, string name) =>
        commandLine.Settings.Any(setting => setting.Key == name) ? "--set "
        : commandLine.FileSettings.Any(setting => setting.Key == name) ? $"{commandLine.File}: "
        : string.Empty;

    private static void AddEndpoint(List<KeyValuePair<string, string>> settings, string name, string? endpoint)
    {
        if (endpoint is not null)
        {
            settings.Add(new(name, $"PLAINTEXT://{endpoint}"));
        }
    }
}
