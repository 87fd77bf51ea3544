namespace OrleansBroker.GrainLoad;

/// <summary>A producer of one partition, by <c>topic/partition</c>.</summary>
public interface IProducerGrain : IGrainWithStringKey
{
    /// <summary>Appends batches, some at a time, until the time is up, and answers how long each took, in microseconds.</summary>
    [ResponseTimeout("01:00:00")]
    Task<List<int>> ProduceAsync(int seconds, int atOnce, int records, int recordBytes);
}
