namespace OrleansBroker.Grains.Documents;

/// <summary>A document as grain storage keeps it.</summary>
[GenerateSerializer]
[Alias("OrleansBroker.Document")]
public sealed class DocumentState
{
    /// <summary>What Core wrote; empty where there is no document.</summary>
    [Id(0)]
    public byte[] Content { get; set; } = [];
}
