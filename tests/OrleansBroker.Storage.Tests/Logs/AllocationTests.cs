using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Storage.Tests.Logs;

public sealed class AllocationTests : IDisposable
{
    private readonly LogFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void Appends_and_reads_of_the_tail_allocate_nothing()
    {
        var batch = LogFixture.Batch(records: 20, valueBytes: 100);
        for (var i = 0; i < 100; i++)
        {
            AppendAndRead(batch);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            AppendAndRead(batch);
        }

        // An index that grows is mapped again, now and then.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 10);
    }

    private void AppendAndRead(byte[] batch)
    {
        RecordBatchStamp.BaseOffset(batch, 0);
        var result = _fixture.Append(batch);
        var read = _fixture.Log.Read(result.BaseOffset, 1 << 20, _fixture.Log.HighWatermark, true);
        Assert.True(read.Records.Length == batch.Length);
    }
}
