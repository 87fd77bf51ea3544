using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Tests.Replication;

public sealed class ReplicationQuotaTests
{
    private readonly SteppedTime _time = new();
    private long _rate = 1000;

    [Fact]
    public void A_second_moves_what_the_rate_says_and_no_more()
    {
        var quota = new ReplicationQuota(_time, () => _rate);
        Assert.Equal(10_000 + 1000, Moved(quota, batch: 100, seconds: 10), 200.0);
    }

    [Fact]
    public void A_batch_larger_than_a_second_moves_and_is_paid_for_after()
    {
        var quota = new ReplicationQuota(_time, () => _rate);

        Assert.False(quota.IsExceeded);
        quota.Record(5_500);
        Assert.True(quota.IsExceeded);
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.True(quota.IsExceeded);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(quota.IsExceeded);
    }

    [Fact]
    public void What_was_not_used_for_an_hour_is_not_saved_up()
    {
        var quota = new ReplicationQuota(_time, () => _rate);
        quota.Record(1);
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(1000, Moved(quota, batch: 100, seconds: 0));
    }

    [Fact]
    public void Without_a_limit_nothing_waits_and_a_limit_counts_from_when_it_is_set()
    {
        _rate = long.MaxValue;
        var quota = new ReplicationQuota(_time, () => _rate);
        quota.Record(long.MaxValue / 2);
        Assert.False(quota.IsExceeded);

        _rate = 1000;
        Assert.Equal(1000, Moved(quota, batch: 100, seconds: 0));
        _rate = long.MaxValue;
        Assert.False(quota.IsExceeded);
    }

    [Fact]
    public void A_rate_of_zero_lets_nothing_move()
    {
        _rate = 0;
        var quota = new ReplicationQuota(_time, () => _rate);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.True(quota.IsExceeded);
    }

    [Theory]
    [InlineData("*", 3, 1, true)]
    [InlineData("3:1", 3, 1, true)]
    [InlineData("0:1, 3:1", 3, 1, true)]
    [InlineData("13:1,3:11", 3, 1, false)]
    [InlineData("", 3, 1, false)]
    public void Throttled_replicas_are_named_by_partition_and_broker(string configured, int partition, int broker, bool expected)
    {
        var configs = new Dictionary<string, string> { [ThrottledReplicas.OfLeaders] = configured };

        Assert.Equal(expected, ThrottledReplicas.Has(configs, ThrottledReplicas.OfLeaders, partition, new BrokerId(broker)));
        Assert.False(ThrottledReplicas.Has(configs, ThrottledReplicas.OfFollowers, partition, new BrokerId(broker)));
    }

    private long Moved(ReplicationQuota quota, long batch, int seconds)
    {
        var moved = 0L;
        for (var step = 0; step <= seconds * 100; step++)
        {
            while (!quota.IsExceeded)
            {
                quota.Record(batch);
                moved += batch;
            }

            _time.Advance(TimeSpan.FromMilliseconds(10));
        }

        return moved;
    }

    private sealed class SteppedTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan time) => _ticks += time.Ticks;

        public override long GetTimestamp() => _ticks;
    }
}
