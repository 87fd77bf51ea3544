namespace OrleansBroker.Simulator.Engine;

/// <summary>A timer of one process. What falls due while the process is paused is called once when it goes on.</summary>
internal sealed class SimulatedTimer : ITimer
{
    private readonly World _world;
    private readonly SimulatedProcess _process;
    private readonly TimerCallback _callback;
    private readonly object? _state;
    private TimeSpan _period;
    private int _setting;
    private bool _isQueued;

    public SimulatedTimer(World world, SimulatedProcess process, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _world = world;
        _process = process;
        _callback = callback;
        _state = state;
        Change(dueTime, period);
    }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        _world.CheckThread();
        _setting++;
        _isQueued = false;
        _period = period;
        if (dueTime != Timeout.InfiniteTimeSpan)
        {
            Schedule(dueTime);
        }

        return true;
    }

    public void Dispose()
    {
        _setting++;
        _isQueued = false;
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private void Schedule(TimeSpan due)
    {
        var setting = _setting;
        _world.After(due.Ticks, () => Due(setting));
    }

    private void Due(int setting)
    {
        if (setting != _setting || _process.IsDead)
        {
            return;
        }

        if (!_isQueued)
        {
            _isQueued = true;
            _process.Post(_ => Call(setting), null);
        }

        if (_period > TimeSpan.Zero)
        {
            Schedule(_period);
        }
    }

    private void Call(int setting)
    {
        if (setting == _setting)
        {
            _isQueued = false;
            _callback(_state);
        }
    }
}
