using OrleansBroker.Simulator.Engine;

namespace OrleansBroker.Simulator.Network;

/// <summary>One end of a connection, which carries whole frames in order.</summary>
internal sealed class SimulatedSocket(SimulatedNetwork network, SimulatedProcess owner, int from, int to)
{
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(60);

    // Null is the end of the connection.
    private readonly Queue<byte[]?> _outgoing = new();
    private readonly Queue<byte[]> _incoming = new();
    private readonly Queue<byte[]> _arrived = new();
    private Action<byte[]>? _received;
    private Action? _closed;
    private bool _isSending;
    private bool _isClosed;
    private bool _isOver;
    private bool _isLost;
    private int _stall;

    public SimulatedProcess Owner => owner;

    public SimulatedSocket Peer { get; private set; } = null!;

    /// <summary>The host at the other end.</summary>
    public int To => to;

    public bool IsClosed => _isClosed || _isOver;

    /// <summary>Says who hears of frames and of the end. Both run in the owner's process.</summary>
    public void Begin(Action<byte[]> received, Action closed)
    {
        _received = received;
        _closed = closed;
        while (_arrived.TryDequeue(out var frame))
        {
            received(frame);
        }

        if (_isOver)
        {
            closed();
        }
    }

    /// <summary>Sends a frame; nothing happens where the connection has ended.</summary>
    public void Send(byte[] frame)
    {
        if (IsClosed)
        {
            return;
        }

        if (network.Chance.Happens(network.Faults.BreakChance))
        {
            Break();
            return;
        }

        _outgoing.Enqueue(frame);
        Pump();
    }

    /// <summary>Ends the connection from this side; what was sent before still arrives.</summary>
    public void Close()
    {
        if (!IsClosed)
        {
            _isClosed = true;
            network.Forget(this);
            _outgoing.Enqueue(null);
            Pump();
        }
    }

    internal void Join(SimulatedSocket peer)
    {
        Peer = peer;
        peer.Peer = this;
        network.Opened(this);
        network.Opened(peer);
    }

    /// <summary>The other end has gone: the owner is told.</summary>
    internal void Abandon()
    {
        if (IsClosed)
        {
            _isOver = true;
            return;
        }

        _isOver = true;
        network.Forget(this);
        owner.Run(() => _closed?.Invoke());
    }

    /// <summary>The connection is lost: what is sent goes nowhere, and each end is told in its own time, or finds out by itself.</summary>
    private void Break()
    {
        foreach (var end in new[] { this, Peer })
        {
            end._isLost = true;
            end._outgoing.Clear();
            var isSilent = network.Chance.Happens(network.Faults.SilentBreakChance);
            network.World.After(isSilent ? SilenceMax.Ticks : network.Delay() * network.Chance.Between(1, 50), end.Abandon);
        }
    }

    private void Pump()
    {
        if (!_isSending && _outgoing.Count > 0 && !_isLost)
        {
            _isSending = true;
            network.World.After(network.Delay(), Arrive);
        }
    }

    private void Arrive()
    {
        if (_isLost || _outgoing.Count == 0)
        {
            _isSending = false;
            return;
        }

        if (network.IsCut(from, to))
        {
            Stall();
            return;
        }

        _stall++;
        _isSending = false;
        var frame = _outgoing.Dequeue();
        if (Peer.Owner.IsDead)
        {
            Abandon();
        }
        else if (frame is null)
        {
            Peer.Abandon();
        }
        else
        {
            Peer._incoming.Enqueue(frame);
            Peer.Owner.Run(Peer.Receive);
        }

        Pump();
    }

    /// <summary>Waits for the way to heal; a connection that has waited for too long is broken.</summary>
    private void Stall()
    {
        var stall = ++_stall;
        network.Wait(() => Retry(stall));
        network.World.After(network.Faults.StallMax, () => GiveUp(stall));
    }

    private void Retry(int stall)
    {
        if (stall == _stall)
        {
            Arrive();
        }
    }

    private void GiveUp(int stall)
    {
        if (stall == _stall && !_isLost)
        {
            Break();
        }
    }

    private void Receive()
    {
        // A process that was paused gets all at once, in any order; what it reads from one connection is in order.
        var frame = _incoming.Dequeue();
        if (IsClosed || _isLost)
        {
            return;
        }

        if (_received is null)
        {
            _arrived.Enqueue(frame);
        }
        else
        {
            _received(frame);
        }
    }
}
