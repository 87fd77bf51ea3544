using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Embedded;

namespace OrleansBroker.Grains.Hosting;

/// <summary>Makes what the broker is started with of <see cref="OrleansBrokerOptions"/>.</summary>
internal static class BrokerSettings
{
    // Told by options of their own, which others are derived from.
    private static readonly string[] NotAmongSettings = ["node.id", "broker.id", "listeners", "advertised.listeners", "log.dirs", "log.dir", "broker.rack"];

    /// <returns>Null where the options can be used; otherwise one line that names the first that cannot.</returns>
    public static string? FindProblem(OrleansBrokerOptions options)
    {
        if (options.BrokerId is null && options.Storage is not null)
        {
            return $"{nameof(options.BrokerId)}: not given";
        }

        if (options.BrokerId < 0)
        {
            return $"{nameof(options.BrokerId)} {options.BrokerId}: not a number from 0 on";
        }

        if (string.IsNullOrWhiteSpace(options.DataDirectory))
        {
            return $"{nameof(options.DataDirectory)}: not given";
        }

        if (options.Settings.Keys.FirstOrDefault(NotAmongSettings.Contains) is { } name)
        {
            return $"{nameof(options.Settings)}: {name} is said by an option of its own";
        }

        return BrokerConfig.TryCreate(Settings(options), out _, out var problems) ? null : problems[0].ToString();
    }

    public static EmbeddedBrokerOptions ToBrokerOptions(OrleansBrokerOptions options, ILoggerFactory loggers) =>
        BrokerConfig.TryCreate(Settings(options), out var config, out var problems)
            ? new EmbeddedBrokerOptions { Config = config, DataDirectory = options.DataDirectory, Loggers = loggers }
            : throw new BrokerStartException(problems[0].ToString());

    public static int IdOf(OrleansBrokerOptions options) => options.BrokerId ?? 0;

    private static Dictionary<string, string> Settings(OrleansBrokerOptions options)
    {
        var settings = new Dictionary<string, string>(options.Settings);
        if (options.Storage is not null)
        {
            settings.TryAdd("min.insync.replicas", "2");
        }

        settings["node.id"] = IdOf(options).ToString(System.Globalization.CultureInfo.InvariantCulture);
        settings["listeners"] = $"PLAINTEXT://{options.Listen}";
        if (options.Advertise is { } advertise)
        {
            settings["advertised.listeners"] = $"PLAINTEXT://{advertise}";
        }

        if (options.Rack is { } rack)
        {
            settings["broker.rack"] = rack;
        }

        return settings;
    }
}
