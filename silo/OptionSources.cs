using OrleansBroker.Core.Configuration;

namespace OrleansBroker.Silo;

/// <summary>
/// Where options may be given, what is said later wins:
/// <code>
/// the configuration file   orleansbroker.silo.listen=10.0.0.5:11111
/// the environment          ORLEANSBROKER_SILO_LISTEN=10.0.0.5:11111
/// the command line         --silo-listen 10.0.0.5:11111
/// </code>
/// Options that only say what a setting of Kafka's does have that one's name in the file.
/// </summary>
internal sealed class OptionSources
{
    public const string FilePrefix = "orleansbroker.";

    private const string Config = "--config";

    private static readonly Dictionary<string, string> SaidBySettings = new()
    {
        ["--listen"] = "listeners",
        ["--advertise"] = "advertised.listeners",
        ["--data"] = "log.dirs",
        ["--rack"] = "broker.rack",
        ["--broker-id"] = "node.id",
    };

    private static readonly string[] SaidByOptionsOnly =
        ["--runtime", "--brokers", "--log", "--clustering", "--cluster", "--storage", "--redis", "--adonet", "--azure-storage", "--silo-listen", "--gateway-port"];

    private OptionSources(IReadOnlyList<GivenOption> options, string? file, IReadOnlyList<KeyValuePair<string, string>> settings)
    {
        Options = options;
        File = file;
        Settings = settings;
    }

    /// <summary>In the order in which they count: of an option that is given twice, the later.</summary>
    public IReadOnlyList<GivenOption> Options { get; }

    /// <summary>The configuration file; null where there is none.</summary>
    public string? File { get; }

    /// <summary>What the file says to the broker, by Kafka's names.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Settings { get; }

    /// <param name="arguments">Of the command line.</param>
    /// <param name="environment">The value of a variable.</param>
    /// <param name="problem">One line that names what cannot be used.</param>
    public static OptionSources? TryRead(IReadOnlyList<string> arguments, Func<string, string?> environment, out string problem)
    {
        if (TryReadArguments(arguments, out problem) is not { } given)
        {
            return null;
        }

        if (given is [{ Name: CommandLine.HelpOption }])
        {
            return new(given, null, []);
        }

        GivenOption[] told = [.. Besides(given, FromEnvironment(environment)), .. given];
        var file = told.LastOrDefault(option => option.Name == Config);
        if (file.Name is null)
        {
            return new(told, null, []);
        }

        if (ReadFile(file, out problem) is not { } pairs)
        {
            return null;
        }

        var options = pairs.Where(pair => pair.Key.StartsWith(FilePrefix, StringComparison.Ordinal)).Select(pair => FromFile(file.Value, pair)).ToArray();
        if (Array.Find(options, option => !SaidByOptionsOnly.Contains(option.Name)) is { Name: not null } unknown)
        {
            problem = SaidBySettings.TryGetValue(unknown.Name, out var setting) ? $"{unknown.WrittenAs}: is said by {setting}" : $"{unknown.WrittenAs}: no such option";
            return null;
        }

        return new([.. Besides(told, options), .. told], file.Value, [.. pairs.Where(pair => !pair.Key.StartsWith(FilePrefix, StringComparison.Ordinal))]);
    }

    private static List<GivenOption>? TryReadArguments(IReadOnlyList<string> arguments, out string problem)
    {
        problem = string.Empty;
        var given = new List<GivenOption>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var equals = arguments[i].StartsWith("--", StringComparison.Ordinal) ? arguments[i].IndexOf('=', StringComparison.Ordinal) : -1;
            var name = equals > 0 ? arguments[i][..equals] : arguments[i];
            if (name is "--help" or "-h")
            {
                return [new(CommandLine.HelpOption, string.Empty, name)];
            }

            if (equals <= 0 && ++i == arguments.Count)
            {
                problem = $"{name} needs a value";
                return null;
            }

            given.Add(new(name, equals > 0 ? arguments[i][(equals + 1)..] : arguments[i], name));
        }

        return given;
    }

    private static IEnumerable<GivenOption> FromEnvironment(Func<string, string?> environment) =>
        from name in SaidBySettings.Keys.Concat(SaidByOptionsOnly).Append(Config)
        let variable = "ORLEANSBROKER_" + name[2..].ToUpperInvariant().Replace('-', '_')
        let value = environment(variable)
        where !string.IsNullOrEmpty(value) && !IsOfKubernetes(value)
        select new GivenOption(name, value, variable);

    /// <summary>Kubernetes gives every pod such variables for the services of its namespace: ORLEANSBROKER_GATEWAY_PORT for one named orleansbroker-gateway.</summary>
    private static bool IsOfKubernetes(string value) => value.StartsWith("tcp://", StringComparison.Ordinal) || value.StartsWith("udp://", StringComparison.Ordinal);

    private static GivenOption FromFile(string file, KeyValuePair<string, string> pair) =>
        new("--" + pair.Key[FilePrefix.Length..].Replace('.', '-'), pair.Value, $"{file}: {pair.Key}");

    /// <summary>Those that are not given in a place that counts more.</summary>
    private static IEnumerable<GivenOption> Besides(IReadOnlyCollection<GivenOption> given, IEnumerable<GivenOption> options) =>
        options.Where(option => !given.Any(other => other.Name == option.Name));

    private static IReadOnlyList<KeyValuePair<string, string>>? ReadFile(GivenOption file, out string problem)
    {
        problem = string.Empty;
        try
        {
            return PropertiesFile.Parse(System.IO.File.ReadAllText(file.Value));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"{file}: {e.Message}";
            return null;
        }
    }
}
