namespace OrleansBroker.Client.Producing;

/// <summary>What an idempotent producer's batches are signed with: its id, and an epoch that is raised whenever sequences begin anew (KIP-360).</summary>
internal readonly record struct ProducerIdentity(long Id, short Epoch)
{
    public static readonly ProducerIdentity None = new(-1, -1);

    public bool Exists => Id >= 0;
}
