namespace OrleansBroker.Silo;

/// <summary>Options that are given as environment variables: <c>ORLEANSBROKER_SILO_LISTEN</c> is <c>--silo-listen</c>.</summary>
internal static class EnvironmentArguments
{
    private static readonly string[] Names =
    [
        "--listen", "--advertise", "--data", "--rack", "--config", "--log",
        "--clustering", "--broker-id", "--cluster", "--storage", "--redis", "--silo-listen", "--gateway-port",
    ];

    /// <param name="arguments">Those of the command line: an option that is given there is not looked for here.</param>
    public static IEnumerable<string> Read(IReadOnlyCollection<string> arguments) =>
        from name in Names
        where !arguments.Any(argument => argument == name || argument.StartsWith(name + "=", StringComparison.Ordinal))
        let value = Environment.GetEnvironmentVariable(VariableOf(name))
        where !string.IsNullOrEmpty(value) && !IsOfKubernetes(value)
        select $"{name}={value}";

    /// <summary>Kubernetes gives every pod such variables for the services of its namespace: ORLEANSBROKER_GATEWAY_PORT for one named orleansbroker-gateway.</summary>
    private static bool IsOfKubernetes(string value) => value.StartsWith("tcp://", StringComparison.Ordinal) || value.StartsWith("udp://", StringComparison.Ordinal);

    private static string VariableOf(string name) => "ORLEANSBROKER_" + name[2..].ToUpperInvariant().Replace('-', '_');
}
