namespace OrleansBroker.Simulation;

/// <summary>A directory: the entries that running code sees, those on the platter, and the operations that lie between.</summary>
internal sealed class SimulatedDirectory : SimulatedNode
{
    private readonly List<Operation> _pending = [];
    private Dictionary<string, SimulatedNode> _durable = [];

    public Dictionary<string, SimulatedNode> Entries { get; private set; } = [];

    public void Link(string name, SimulatedNode node) => Perform(new Operation(null, name, node));

    public void Unlink(string name) => Perform(new Operation(name, null, null));

    public void Rename(string from, string to) => Perform(new Operation(from, to, null));

    public void Flush()
    {
        _pending.ForEach(operation => operation.ApplyTo(_durable));
        _pending.Clear();
    }

    public override void LosePower(Random random, DiskFaults faults)
    {
        foreach (var operation in _pending)
        {
            if (random.NextDouble() < faults.DirectoryOperationSurvivalChance)
            {
                operation.ApplyTo(_durable);
            }
            else if (!faults.DirectoryOperationsReordered)
            {
                break;
            }
        }

        _pending.Clear();
        Entries = new Dictionary<string, SimulatedNode>(_durable);
        foreach (var (_, node) in Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            node.LosePower(random, faults);
        }
    }

    public override void Detach()
    {
        foreach (var node in Entries.Values)
        {
            node.Detach();
        }
    }

    public override SimulatedNode Fork()
    {
        // One node may be named by several of the maps and operations: it must stay one node in the copy.
        var copies = new Dictionary<SimulatedNode, SimulatedNode>();
        SimulatedNode Copy(SimulatedNode node) => copies.TryGetValue(node, out var copy) ? copy : copies[node] = node.Fork();
        var fork = new SimulatedDirectory
        {
            Entries = Entries.ToDictionary(entry => entry.Key, entry => Copy(entry.Value)),
            _durable = _durable.ToDictionary(entry => entry.Key, entry => Copy(entry.Value)),
        };
        fork._pending.AddRange(_pending.Select(operation => operation with { Node = operation.Node is { } node ? Copy(node) : null }));
        return fork;
    }

    private void Perform(Operation operation)
    {
        operation.ApplyTo(Entries);
        _pending.Add(operation);
    }

    /// <summary>A creation (no <see cref="From"/>), a deletion (no <see cref="To"/>) or a rename.</summary>
    private sealed record Operation(string? From, string? To, SimulatedNode? Node)
    {
        public void ApplyTo(Dictionary<string, SimulatedNode> entries)
        {
            var node = Node;
            if (From is not null && !entries.Remove(From, out node))
            {
                return;
            }

            if (To is not null)
            {
                entries[To] = node!;
            }
        }
    }
}
