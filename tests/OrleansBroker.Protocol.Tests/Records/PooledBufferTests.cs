using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Protocol.Tests.Records;

public sealed class PooledBufferTests
{
    [Fact]
    public void What_is_written_stays_as_it_grows()
    {
        using var buffer = new PooledBuffer();
        var expected = new byte[100_000];
        new Random(3).NextBytes(expected);
        for (var at = 0; at < expected.Length; at += 100)
        {
            buffer.Write(expected.AsSpan(at, 100));
        }

        Assert.Equal(expected, buffer.Span.ToArray());
        Assert.Equal(expected, buffer.Memory.ToArray());
    }

    [Fact]
    public void Room_is_at_least_what_was_asked_for()
    {
        using var buffer = new PooledBuffer(10);
        Assert.True(buffer.GetSpan(5000).Length >= 5000);
        Assert.True(buffer.GetMemory(9000).Length >= 9000);
        Assert.False(buffer.GetSpan().IsEmpty);
        buffer.Advance(buffer.Capacity);
        Assert.False(buffer.GetSpan().IsEmpty);
    }

    [Fact]
    public void It_can_be_cleared_cut_and_used_after_it_was_disposed()
    {
        var buffer = new PooledBuffer();
        buffer.Write([1, 2, 3]);
        buffer.Truncate(2);
        Assert.Equal([1, 2], buffer.Span.ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Truncate(3));
        buffer.Clear();
        Assert.Equal(0, buffer.Length);
        buffer.Dispose();
        buffer.Write([4]);
        Assert.Equal([4], buffer.Span.ToArray());
        buffer.Dispose();
        Assert.Equal(0, buffer.Capacity);
    }

    [Fact]
    public void Advancing_past_the_room_is_refused()
    {
        using var buffer = new PooledBuffer();
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Advance(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Advance(-1));
    }
}
