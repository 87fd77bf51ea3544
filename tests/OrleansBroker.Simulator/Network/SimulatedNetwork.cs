using OrleansBroker.Simulator.Engine;

namespace OrleansBroker.Simulator.Network;

/// <summary>
/// Hosts, and the ways between them. A way may be cut in one direction alone; what is sent over it then waits for it to heal, as TCP
/// sends again, until the connection is given up. Messages of one connection stay in order, those of several overtake each other.
/// </summary>
internal sealed class SimulatedNetwork(World world)
{
    /// <summary>How long a host that cannot be reached keeps a caller waiting.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly Chance _chance = world.Chance.Branch("network");
    private readonly HashSet<(int From, int To)> _cuts = [];
    private readonly Dictionary<int, (SimulatedProcess Process, Action<SimulatedSocket> Accept)> _listeners = [];
    private readonly List<SimulatedSocket> _open = [];
    private readonly List<Action> _waiting = [];

    public NetworkFaults Faults { get; } = new();

    public World World => world;

    internal Chance Chance => _chance;

    public bool IsCut(int from, int to) => from != to && _cuts.Contains((from, to));

    public void Cut(int from, int to) => _cuts.Add((from, to));

    public void Heal(int from, int to)
    {
        _cuts.Remove((from, to));
        WakeWaiting();
    }

    public void HealAll()
    {
        _cuts.Clear();
        WakeWaiting();
    }

    public void Listen(int host, SimulatedProcess process, Action<SimulatedSocket> accept) => _listeners[host] = (process, accept);

    public void Unlisten(int host) => _listeners.Remove(host);

    public long Delay() => _chance.Delay(Faults.DelayMin, Faults.DelayMean);

    /// <exception cref="IOException">Nobody listens, or the host cannot be reached.</exception>
    public async Task<SimulatedSocket> ConnectAsync(SimulatedProcess process, int from, int to)
    {
        var connected = new TaskCompletionSource<SimulatedSocket?>(TaskCreationOptions.RunContinuationsAsynchronously);
        world.After(Delay(), () => Arrive(process, from, to, connected));
        return await connected.Task ?? throw new IOException($"host {to} cannot be reached");
    }

    /// <summary>Sends one message outside any connection; it waits where the way is cut, for as long as a connection would hold.</summary>
    public void Send(int from, int to, Action arrive) => world.After(Delay(), () => Deliver(from, to, arrive, world.NowTicks));

    /// <summary>The process has ended: those at the other end of its connections hear of it, or not, where its host went with it.</summary>
    public void Ended(SimulatedProcess process, bool withHost)
    {
        foreach (var socket in _open.Where(socket => socket.Owner == process).ToArray())
        {
            var peer = socket.Peer;
            Forget(socket);
            world.After(withHost ? _chance.Ticks(0, ConnectTimeout.Ticks * 4) : Delay(), peer.Abandon);
        }
    }

    internal void Opened(SimulatedSocket socket) => _open.Add(socket);

    internal void Forget(SimulatedSocket socket) => _open.Remove(socket);

    /// <summary>Calls <paramref name="retry"/> when a way has healed.</summary>
    internal void Wait(Action retry) => _waiting.Add(retry);

    private void WakeWaiting()
    {
        var waiting = _waiting.ToArray();
        _waiting.Clear();
        foreach (var retry in waiting)
        {
            world.After(Delay(), retry);
        }
    }

    private void Deliver(int from, int to, Action arrive, long since)
    {
        if (!IsCut(from, to))
        {
            arrive();
        }
        else if (world.NowTicks - since < Faults.StallMax.Ticks)
        {
            Wait(() => Deliver(from, to, arrive, since));
        }
    }

    private void Arrive(SimulatedProcess process, int from, int to, TaskCompletionSource<SimulatedSocket?> connected)
    {
        if (IsCut(from, to) || IsCut(to, from))
        {
            world.After(ConnectTimeout, () => connected.TrySetResult(null));
            return;
        }

        if (!_listeners.TryGetValue(to, out var listener) || listener.Process.IsDead)
        {
            world.After(Delay(), () => connected.TrySetResult(null));
            return;
        }

        var near = new SimulatedSocket(this, process, from, to);
        var far = new SimulatedSocket(this, listener.Process, to, from);
        near.Join(far);
        listener.Process.Run(() => listener.Accept(far));
        world.After(Delay(), () => connected.TrySetResult(near));
    }
}
