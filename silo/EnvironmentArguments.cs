namespace OrleansBroker.Silo;

/// <summary>Options that are given as environment variables: <c>ORLEANSBROKER_SILO_LISTEN</c> is <c>--silo-listen</c>.</summary>
internal static class EnvironmentArguments
{
    private static readonly string[] Names =
    [
        "--listen", "--advertise", "--data", "--rack", "--config", "--log",
        "--clustering", "--broker-id", "--cluster", "--storage", "--redis", "--postgres", "--silo-listen", "--gateway-port",
    ];

    public static IEnumerable<string> Read() =>
        from name in Names
        let value = Environment.GetEnvironmentVariable(VariableOf(name))
        where !string.IsNullOrEmpty(value)
        select $"{name}={value}";

    private static string VariableOf(string name) => "ORLEANSBROKER_" + name[2..].ToUpperInvariant().Replace('-', '_');
}
