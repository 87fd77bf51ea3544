namespace OrleansBroker.Compatibility.Tests.Chaos;

/// <summary>What is done to a broker, and when, counted from the beginning.</summary>
internal sealed record NemesisStep(TimeSpan At, string Action, int Broker)
{
    public override string ToString() => $"{At.TotalSeconds,6:f1} s  {Action} {Broker}";
}
