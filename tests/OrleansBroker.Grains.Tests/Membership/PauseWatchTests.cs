using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Grains.Membership;

namespace OrleansBroker.Grains.Tests.Membership;

/// <summary>What a process that stood still may answer. The clock and the ticks are the test's.</summary>
public sealed class PauseWatchTests : IDisposable
{
    private readonly Channel<TaskCompletionSource<bool>> _readings = Channel.CreateUnbounded<TaskCompletionSource<bool>>();
    private readonly PauseWatch _watch;
    private long _nowMs = 5_000;

    public PauseWatchTests() => _watch = new PauseWatch(ReadTable, NullLogger.Instance, () => Volatile.Read(ref _nowMs));

    public void Dispose() => _watch.Dispose();

    [Fact]
    public void A_process_that_runs_may_answer()
    {
        for (var i = 0; i < 10; i++)
        {
            Pass(PauseWatch.PauseMsMax);
            Assert.Null(_watch.Closed);
            _watch.Tick();
        }

        Assert.Null(_watch.Closed);
    }

    [Fact]
    public void A_request_that_is_looked_at_before_the_next_tick_is_held_up_already()
    {
        Pass(PauseWatch.PauseMsMax + 1);

        Assert.False(_watch.Closed!.IsCompleted);
    }

    [Fact]
    public async Task Nothing_is_answered_until_the_table_shows_the_silo_alive()
    {
        Pass(PauseWatch.PauseMsMax + 1);
        var request = _watch.PassAsync().AsTask();
        _watch.Tick();

        var reading = await _readings.Reader.ReadAsync();
        _watch.Tick();
        Assert.NotNull(_watch.Closed);
        Assert.False(request.IsCompleted);
        reading.SetResult(true);

        await request;
        Assert.Null(_watch.Closed);
    }

    [Fact]
    public async Task A_table_that_cannot_be_read_is_read_again()
    {
        Pass(PauseWatch.PauseMsMax + 1);
        _watch.Tick();
        (await _readings.Reader.ReadAsync()).SetResult(false);

        var second = await _readings.Reader.ReadAsync();
        Assert.NotNull(_watch.Closed);
        second.SetResult(true);

        await _watch.PassAsync();
    }

    [Fact]
    public async Task A_reading_that_was_begun_before_a_pause_does_not_count()
    {
        Pass(PauseWatch.PauseMsMax + 1);
        _watch.Tick();
        var first = await _readings.Reader.ReadAsync();
        Pass(PauseWatch.PauseMsMax + 1);
        _watch.Tick();
        first.SetResult(true);

        // The reading that the second pause asks for, by whichever tick comes after the end of the first.
        while (!_readings.Reader.TryPeek(out _))
        {
            Assert.NotNull(_watch.Closed);
            _watch.Tick();
            await Task.Yield();
        }

        (await _readings.Reader.ReadAsync()).SetResult(true);
        await _watch.PassAsync();
    }

    [Fact]
    public async Task Whoever_saw_a_tick_come_late_goes_on_with_it_where_it_was_no_pause()
    {
        Pass(PauseWatch.PauseMsMax + 1);
        var request = _watch.PassAsync().AsTask();
        Pass(-2);

        _watch.Tick();

        await request;
    }

    [Fact]
    public async Task When_nobody_ticks_any_more_the_gate_stays_open()
    {
        _watch.Dispose();

        Pass(PauseWatch.PauseMsMax + 1);

        await _watch.PassAsync();
    }

    [Fact]
    public async Task What_waits_when_nobody_ticks_any_more_fails()
    {
        Pass(PauseWatch.PauseMsMax + 1);
        var request = _watch.PassAsync().AsTask();
        _watch.Tick();

        _watch.Dispose();

        await Assert.ThrowsAsync<IOException>(() => request);
        await Assert.ThrowsAsync<IOException>(() => _watch.PassAsync().AsTask());
    }

    private void Pass(long ms) => Volatile.Write(ref _nowMs, _nowMs + ms);

    private Task<bool> ReadTable(CancellationToken cancellation)
    {
        var reading = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _readings.Writer.TryWrite(reading);
        return reading.Task;
    }
}
