namespace OrleansBroker.Compatibility.Tests.Chaos;

/// <summary>How often a broker was cut off from the others, and how often that was undone.</summary>
internal sealed class Cuts
{
    public int Begun { get; set; }

    public int Healed { get; set; }
}
