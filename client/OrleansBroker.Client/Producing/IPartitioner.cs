namespace OrleansBroker.Client;

/// <summary>Chooses the partitions of records. Called by every thread that produces.</summary>
public interface IPartitioner
{
    /// <summary>Answered for a record that may go anywhere: it goes where others go at the moment, so that batches fill.</summary>
    const int Any = -1;

    /// <param name="key">As it was serialized; empty where it is null.</param>
    /// <param name="hasKey">False where it is null.</param>
    /// <param name="partitionCount">At least 1.</param>
    /// <returns>A partition, or <see cref="Any"/>.</returns>
    int Partition(string topic, ReadOnlySpan<byte> key, bool hasKey, int partitionCount);
}
