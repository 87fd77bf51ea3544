using OrleansBroker.Simulator.Brokers;
using OrleansBroker.Simulator.Engine;
using OrleansBroker.Simulator.Ports;

namespace OrleansBroker.Simulator.Faults;

/// <summary>Does to a cluster what the plan says, until it is told to stop; then it mends everything.</summary>
internal sealed class FaultInjector(SimulatedCluster cluster, FaultOptions faults)
{
    /// <summary>A broker that is idle crashes late: it is looked after for longer than a run takes.</summary>
    private const int AttemptsMax = 600;

    private readonly World _world = cluster.World;
    private readonly Chance _chance = cluster.World.Chance.Branch("faults");
    private bool _isOver;
    private bool _isSplit;

    public void Begin()
    {
        ApplyChances();
        Repeat("kill", faults.KillEvery, Kill);
        Repeat("power", faults.PowerLossEvery, LosePower);
        Repeat("stop", faults.StopEvery, Stop);
        Repeat("pause", faults.PauseEvery, Pause);
        Repeat("cut", faults.CutEvery, Cut);
        Repeat("split", faults.SplitEvery, Split);
        Repeat("store", faults.StoreCutEvery, CutStore);
        Repeat("lie", faults.LieEvery, Lie);
        Repeat("disk", faults.DiskEvery, BreakDisk);
        Repeat("crash", faults.CrashEvery, Crash);
        Repeat("clock", faults.ClockJumpEvery, JumpClock);
    }

    /// <summary>Nothing goes wrong any more, and what is down comes up.</summary>
    public void Heal()
    {
        _isOver = true;
        _world.Note("faults: all is mended");
        cluster.Network.Faults.BreakChance = 0;
        cluster.Network.Faults.PeerLossChance = 0;
        cluster.Network.Faults.PeerDuplicateChance = 0;
        cluster.Network.Faults.DelayMean = TimeSpan.FromMicroseconds(300);
        var store = cluster.Store.Faults;
        (store.FailChance, store.LostAnswerChance, store.LateChance, store.RolledBackChance, store.FalseConflictChance) = (0, 0, 0, 0, 0);
        cluster.Network.HealAll();
        cluster.Membership.Truthful();
        foreach (var broker in cluster.Brokers)
        {
            broker.Resume();
            MendDisk(broker);
            broker.Start();
        }
    }

    private void ApplyChances()
    {
        var network = cluster.Network.Faults;
        network.DelayMean = faults.DelayMean;
        network.BreakChance = faults.BreakChance;
        network.SilentBreakChance = faults.SilentBreakChance;
        network.PeerLossChance = faults.PeerLossChance;
        network.PeerDuplicateChance = faults.PeerDuplicateChance;
        cluster.Membership.DetectionMax = faults.DetectionMax;
        var store = cluster.Store.Faults;
        store.FailChance = faults.StoreFailChance;
        store.LostAnswerChance = faults.StoreLostAnswerChance;
        store.LateChance = faults.StoreLateChance;
        store.RolledBackChance = faults.StoreRolledBackChance;
        store.FalseConflictChance = faults.StoreFalseConflictChance;
    }

    private void Repeat(string name, TimeSpan every, Action<Chance> strike)
    {
        if (every > TimeSpan.Zero)
        {
            Schedule(every, strike, _chance.Branch(name));
        }
    }

    private void Schedule(TimeSpan every, Action<Chance> strike, Chance chance) => _world.After(chance.Delay(TimeSpan.Zero, every), () =>
    {
        if (!_isOver)
        {
            strike(chance);
            Schedule(every, strike, chance);
        }
    });

    private void Later(TimeSpan most, Chance chance, Action action) => _world.After(chance.Ticks(0, most.Ticks), () =>
    {
        if (!_isOver)
        {
            action();
        }
    });

    private SimulatedBroker Any(Chance chance) => chance.Of(cluster.Brokers);

    private void Kill(Chance chance)
    {
        var down = cluster.Brokers.Where(broker => !broker.IsRunning).ToArray();
        if (down.Length > 0 && chance.Happens(0.4))
        {
            LeaveTheLatecomer(chance.Of(down), chance);
            return;
        }

        // Several at once now and then, all of them too: a process that ends loses nothing.
        var count = chance.Happens(0.75) ? 1 : chance.Between(1, cluster.Brokers.Length);
        for (var i = 0; i < count; i++)
        {
            var broker = Any(chance);
            broker.Kill();
            Later(faults.DownMax, chance, broker.Start);
        }
    }

    /// <summary>All that were up go, and one that was down, and missed what they did, comes back alone.</summary>
    private void LeaveTheLatecomer(SimulatedBroker latecomer, Chance chance)
    {
        foreach (var broker in cluster.Brokers.Where(broker => broker.IsRunning))
        {
            broker.Kill();
            _world.After(chance.Ticks(faults.DownMax.Ticks / 2, faults.DownMax.Ticks * 2), broker.Start);
        }

        latecomer.Start();
    }

    private void Stop(Chance chance)
    {
        var broker = Any(chance);
        broker.Stop();
        _world.After(chance.Ticks(0, faults.DownMax.Ticks), () => StartWhenStopped(broker, 0));
    }

    private void StartWhenStopped(SimulatedBroker broker, int attempt)
    {
        if (!broker.IsRunning)
        {
            broker.Start();
        }
        else if (attempt < AttemptsMax)
        {
            _world.After(TimeSpan.FromSeconds(1), () => StartWhenStopped(broker, attempt + 1));
        }
    }

    private void LosePower(Chance chance)
    {
        var broker = Any(chance);
        if (!PowerLossRule.MayHit(cluster, broker))
        {
            return;
        }

        var flips = chance.Happens(faults.BitFlipChance) ? BitFlips.Plan(broker, chance) : null;
        broker.LosePower();
        flips?.Invoke();
        Later(faults.DownMax, chance, broker.Start);
    }

    private void Pause(Chance chance)
    {
        var broker = Any(chance);
        broker.Pause();
        Later(faults.PauseMax, chance, broker.Resume);
    }

    private void Cut(Chance chance)
    {
        var side = AnySide(chance);
        var ways = chance.Random.Next(4);
        foreach (var (from, to) in Across(side))
        {
            var isOutward = IsIn(side, from);
            if (ways < 2 || (ways == 2 && isOutward) || (ways == 3 && !isOutward))
            {
                cluster.Network.Cut(from, to);
            }
        }

        _world.Note($"network: side {side:b} is cut off, {(ways < 2 ? "both ways" : ways == 2 ? "outward" : "inward")}");
        Later(faults.CutMax, chance, HealNetwork);
    }

    /// <summary>The network falls into two: either side takes the other for dead before long, and one alone has the documents.</summary>
    private void Split(Chance chance)
    {
        if (_isSplit)
        {
            return;
        }

        // Long enough for either side to notice, and to go on by itself.
        _isSplit = true;
        var side = AnySide(chance);
        var duration = TimeSpan.FromTicks(chance.Ticks(faults.SplitMax.Ticks / 2, faults.SplitMax.Ticks));
        _world.Note($"network: side {side:b} is split off, without the store");
        foreach (var (from, to) in Across(side))
        {
            cluster.Network.Cut(from, to);
            Later(cluster.Membership.DetectionMin, chance, () => cluster.Membership.Deny(from, to, duration));
        }

        foreach (var broker in cluster.Brokers.Where(broker => IsIn(side, broker.Id)))
        {
            cluster.Network.Cut(broker.Id, SimulatedDocumentStore.Host);
            cluster.Network.Cut(SimulatedDocumentStore.Host, broker.Id);
        }

        _world.After(duration, () =>
        {
            _isSplit = false;
            HealNetwork();
        });
    }

    /// <summary>Some of the brokers, and not all: a bit for each.</summary>
    private int AnySide(Chance chance) => chance.Between(1, (1 << cluster.Brokers.Length) - 2);

    private static bool IsIn(int side, int broker) => ((side >> broker) & 1) == 1;

    /// <summary>The ways between those on a side and the others.</summary>
    private IEnumerable<(int From, int To)> Across(int side) =>
        from one in cluster.Brokers
        from other in cluster.Brokers
        where IsIn(side, one.Id) != IsIn(side, other.Id)
        select (one.Id, other.Id);

    private void HealNetwork()
    {
        _world.Note("network: heals");
        cluster.Network.HealAll();
    }

    private void CutStore(Chance chance)
    {
        var broker = Any(chance).Id;
        var store = SimulatedDocumentStore.Host;
        var hears = chance.Happens(0.4);
        _world.Note($"network: broker {broker} is cut off from the store{(hears ? ", and does not hear its answers" : string.Empty)}");
        if (hears)
        {
            cluster.Network.Cut(store, broker);
        }
        else
        {
            cluster.Network.Cut(broker, store);
        }

        Later(faults.CutMax, chance, () =>
        {
            cluster.Network.Heal(broker, store);
            cluster.Network.Heal(store, broker);
        });
    }

    private void Lie(Chance chance)
    {
        var target = Any(chance).Id;
        var observers = cluster.Brokers.Where(_ => chance.Happens(0.6)).ToArray();
        foreach (var observer in observers)
        {
            cluster.Membership.Deny(observer.Id, target, TimeSpan.FromTicks(chance.Ticks(0, faults.LieMax.Ticks)));
        }
    }

    private void BreakDisk(Chance chance)
    {
        var broker = Any(chance);

        // What the fault before this one left is mended as ever: logs that failed have to be opened again.
        MendDisk(broker);
        var disk = broker.Disk.Faults;
        var kind = chance.Random.Next(4);
        _world.Note($"disk of broker {broker.Id}: {(kind switch { 0 => "flushes fail", 1 => "writes fail", 2 => "full", _ => "slow" })}");
        disk.FlushErrorChance = kind == 0 ? 0.5 : 0;
        disk.WriteErrorChance = kind == 1 ? 0.1 : 0;
        disk.CapacityBytes = kind == 2 ? broker.Disk.UsedBytes + chance.Between(0, 20_000) : long.MaxValue;
        disk.FlushMs = kind == 3 ? chance.Between(20, 2_000) : 0;
        disk.Pause = milliseconds => Stall(broker, milliseconds);
        Later(faults.DiskMax, chance, () => MendDisk(broker));
    }

    /// <summary>A flush that takes long holds the thread that called it; here that is the broker's only one.</summary>
    private void Stall(SimulatedBroker broker, int milliseconds)
    {
        if (broker.Process.IsPaused || broker.Process.IsDead)
        {
            return;
        }

        var process = broker.Process;
        process.Pause();
        _world.After(TimeSpan.FromMilliseconds(milliseconds), process.Resume);
    }

    private void MendDisk(SimulatedBroker broker)
    {
        var disk = broker.Disk.Faults;
        var wasFailing = disk.FlushErrorChance > 0 || disk.WriteErrorChance > 0 || disk.CapacityBytes < long.MaxValue;
        disk.FlushErrorChance = 0;
        disk.WriteErrorChance = 0;
        disk.CapacityBytes = long.MaxValue;
        disk.FlushMs = 0;
        if (wasFailing)
        {
            // A log that failed stays so until its broker starts again: an operator sees to that.
            broker.Kill("is started again, now that its disk works");
            broker.Start();
        }
    }

    private void Crash(Chance chance)
    {
        var broker = Any(chance);
        if (broker.IsRunning)
        {
            _world.Note($"broker {broker.Id} will crash soon");
            broker.Disk.CrashAfter(chance.Between(1, 40), chance.Between(0, 200));
            _world.After(chance.Ticks(0, faults.DownMax.Ticks), () => StartWhenStopped(broker, 0));
        }
    }

    private void JumpClock(Chance chance)
    {
        var broker = Any(chance);
        if (broker.IsRunning)
        {
            broker.Process.Clock.Skew = TimeSpan.FromTicks(chance.Ticks(-faults.ClockJumpMax.Ticks, faults.ClockJumpMax.Ticks));
            _world.Note($"clock of broker {broker.Id} is off by {broker.Process.Clock.Skew}");
        }
    }
}
