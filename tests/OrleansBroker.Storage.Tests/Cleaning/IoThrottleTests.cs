using OrleansBroker.Storage.Cleaning;

namespace OrleansBroker.Storage.Tests.Cleaning;

public class IoThrottleTests
{
    [Fact]
    public void Bytes_take_the_time_that_the_rate_gives_them()
    {
        var clock = new SteppedClock();
        var throttle = new IoThrottle(1_000_000, clock, (time, _) => clock.Passed += time);
        for (var i = 0; i < 100; i++)
        {
            throttle.Count(100_000, CancellationToken.None);
        }

        Assert.InRange(clock.Passed.TotalSeconds, 9.5, 10.5);
    }

    [Fact]
    public void Bytes_slower_than_the_rate_wait_for_nothing()
    {
        var clock = new SteppedClock();
        var throttle = new IoThrottle(1_000_000, clock, (_, _) => Assert.Fail("waited"));
        for (var i = 0; i < 100; i++)
        {
            clock.Passed += TimeSpan.FromMilliseconds(101);
            throttle.Count(100_000, CancellationToken.None);
        }
    }

    [Fact]
    public void Work_takes_no_more_than_its_share_of_the_time()
    {
        var clock = new SteppedClock();
        var throttle = new IoThrottle(double.MaxValue, clock, (time, _) => clock.Passed += time, workShareMax: 0.2);
        for (var i = 0; i < 100; i++)
        {
            clock.Passed += TimeSpan.FromMilliseconds(2);
            throttle.Count(100_000, CancellationToken.None);
        }

        Assert.InRange(clock.Passed.TotalMilliseconds, 950, 1000);
    }

    private sealed class SteppedClock : TimeProvider
    {
        public TimeSpan Passed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Passed.Ticks;
    }
}
