using System.Diagnostics;

namespace OrleansBroker.Core.Diagnostics;

/// <summary>The names under which a broker can be watched from outside.</summary>
public static class BrokerDiagnostics
{
    /// <summary>Of the meter and of the activity source. docs/operations/metrics.md lists what is in them.</summary>
    public const string Name = "OrleansBroker";

    /// <summary>Costs a look at a field where nobody listens.</summary>
    public static ActivitySource Activities { get; } = new(Name);
}
