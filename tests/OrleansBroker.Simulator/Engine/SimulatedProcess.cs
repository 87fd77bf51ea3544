namespace OrleansBroker.Simulator.Engine;

/// <summary>
/// A process of the world: a broker in one of its lives, or a client. Whatever its code awaits comes back here, so that it can be
/// paused (nothing of it runs, timers and messages wait) and killed (nothing of it ever runs again).
/// </summary>
internal sealed class SimulatedProcess : SynchronizationContext
{
    private readonly World _world;
    private readonly Queue<WorkItem> _held = new();

    public SimulatedProcess(World world, string name, Chance chance)
    {
        _world = world;
        Name = name;
        Chance = chance;
        Clock = new SimulatedTime(world, this);
    }

    public string Name { get; }

    /// <summary>The process's own source of chance.</summary>
    public Chance Chance { get; }

    public SimulatedTime Clock { get; }

    public bool IsPaused { get; private set; }

    public bool IsDead { get; private set; }

    /// <summary>Looked at after each piece of work: whether the process has ended by itself, as by a crash of its disk.</summary>
    public Func<bool>? HasCrashed { get; set; }

    /// <summary>Called once, when <see cref="HasCrashed"/> was found to be so.</summary>
    public Action? Crashed { get; set; }

    public override void Post(SendOrPostCallback d, object? state) => _world.Enqueue(new WorkItem(this, d, state));

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (Current != this)
        {
            throw new SimulationFailure("engine", $"a blocking call into {Name}");
        }

        d(state);
    }

    public override SynchronizationContext CreateCopy() => this;

    public void Run(Action action) => Post(static work => ((Action)work!)(), action);

    /// <summary>Starts something that runs by itself; an exception that escapes it ends the run.</summary>
    public void Start(Func<Task> run) => Run(async () => await run());

    /// <summary>Says what happened, in the trace.</summary>
    public void Note(string what) => _world.Note($"{Name}: {what}");

    public void Pause()
    {
        IsPaused = true;
    }

    public void Resume()
    {
        IsPaused = false;
        while (_held.TryDequeue(out var item))
        {
            _world.Enqueue(item);
        }
    }

    public void Kill()
    {
        IsDead = true;
        _held.Clear();
    }

    internal void Hold(WorkItem item) => _held.Enqueue(item);

    internal void Execute(WorkItem item)
    {
        SetSynchronizationContext(this);
        try
        {
            item.Callback(item.State);
        }
        catch (Exception e) when (e is not SimulationFailure && !(HasCrashed?.Invoke() ?? false))
        {
            throw new SimulationFailure("unhandled", $"an exception escaped {Name}: {e}", e);
        }
        catch (Exception e) when (e is not SimulationFailure)
        {
            // The crash itself, which unwound the process's code.
        }
        finally
        {
            SetSynchronizationContext(null);
        }

        if (!IsDead && HasCrashed?.Invoke() == true)
        {
            Crashed!();
        }
    }
}

/// <summary>A piece of work that is ready to run.</summary>
internal readonly record struct WorkItem(SimulatedProcess Process, SendOrPostCallback Callback, object? State);
