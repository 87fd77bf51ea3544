using System.Globalization;
using OrleansBroker.Core.Ports;
using OrleansBroker.Simulator.Engine;
using OrleansBroker.Simulator.Network;

namespace OrleansBroker.Simulator.Ports;

/// <summary>
/// The document store of the cluster: one copy of each document, changed one at a time. What brokers hear of their calls is another
/// matter (<see cref="StoreFaults"/>). It is a host of its own, which may be cut off from some brokers.
/// </summary>
internal sealed class SimulatedDocumentStore(SimulatedNetwork network)
{
    public const int Host = -1;

    private static readonly TimeSpan Unreachable = TimeSpan.FromSeconds(3);

    private readonly SimulatedNetwork _network = network;
    private readonly World _world = network.World;
    private readonly Chance _chance = network.World.Chance.Branch("store");
    private readonly SortedDictionary<string, StoredDocument> _documents = new(StringComparer.Ordinal);
    private long _version;

    public StoreFaults Faults { get; } = new();

    /// <summary>The documents as they stand, in the order of their names.</summary>
    public IEnumerable<KeyValuePair<string, StoredDocument>> All => _documents;

    /// <summary>Hears of each write that has taken effect.</summary>
    public Action<string, StoredDocument?>? Written { get; set; }

    public StoredDocument? Find(string name) => _documents.GetValueOrDefault(name);

    /// <summary>The store as one broker reaches it.</summary>
    public IDocumentStore For(int host) => new Client(this, host);

    private long Delay() => _chance.Delay(Faults.DelayMin, Faults.DelayMean);

    /// <summary>Returns the ETag of the document as it is after the change, and whether the change was made.</summary>
    private (bool Done, string? ETag) Apply(string name, byte[]? content, string? expectedETag)
    {
        if (_documents.GetValueOrDefault(name)?.ETag != expectedETag)
        {
            return (false, null);
        }

        if (content is null)
        {
            _documents.Remove(name);
            Written?.Invoke(name, null);
            return (true, null);
        }

        var etag = (++_version).ToString(CultureInfo.InvariantCulture);
        var document = new StoredDocument(content, etag);
        _documents[name] = document;
        Written?.Invoke(name, document);
        return (true, etag);
    }

    /// <summary>Undoes a write that nobody has built on and its writer has not seen. ETags never come twice.</summary>
    private void Undo(string name, string etag, StoredDocument? before)
    {
        if (_documents.GetValueOrDefault(name)?.ETag == etag)
        {
            _world.Note($"store: {name} is rolled back to {before?.ETag ?? "nothing"}");
            if (before is null)
            {
                _documents.Remove(name);
            }
            else
            {
                _documents[name] = before;
            }
        }
    }

    private sealed class Client(SimulatedDocumentStore store, int host) : IDocumentStore
    {
        private readonly HashSet<(string Name, string ETag)> _undoable = [];

        public ValueTask<StoredDocument?> ReadAsync(string name, CancellationToken cancellation) => CallAsync(() => Read(name), cancellation);

        public ValueTask<string?> WriteAsync(string name, ReadOnlyMemory<byte> content, string? expectedETag, CancellationToken cancellation)
        {
            var copy = content.ToArray();
            return CallAsync(() => Write(name, copy, expectedETag).ETag, cancellation);
        }

        public ValueTask<bool> DeleteAsync(string name, string expectedETag, CancellationToken cancellation) =>
            CallAsync(() => Write(name, null, expectedETag).Done, cancellation);

        private StoredDocument? Read(string name)
        {
            var found = store._documents.GetValueOrDefault(name);
            if (found is not null)
            {
                _undoable.Remove((name, found.ETag));
            }

            return found;
        }

        private (bool Done, string? ETag) Write(string name, byte[]? content, string? expectedETag)
        {
            var faults = store.Faults;
            if (store._chance.Happens(faults.LateChance))
            {
                store._world.Note($"store: a write of {name} by {host} comes late");
                store._world.After(store._chance.Ticks(0, faults.LateMax.Ticks), () => store.Apply(name, content, expectedETag));
                throw new IOException("the store did not answer");
            }

            var before = store._documents.GetValueOrDefault(name);
            var result = store.Apply(name, content, expectedETag);
            if (!result.Done)
            {
                return result;
            }

            if (store._chance.Happens(faults.LostAnswerChance))
            {
                store._world.Note($"store: the answer to a write of {name} by {host} is lost");
                throw new IOException("the store did not answer");
            }

            if (result.ETag is { } etag && store._chance.Happens(faults.RolledBackChance))
            {
                _undoable.Add((name, etag));
                store._world.After(store._chance.Ticks(0, store.Faults.DelayMean.Ticks * 4), () => UndoUnlessSeen(name, etag, before));
                throw new IOException("the store did not answer");
            }

            return store._chance.Happens(faults.FalseConflictChance) ? (false, null) : result;
        }

        private void UndoUnlessSeen(string name, string etag, StoredDocument? before)
        {
            if (_undoable.Remove((name, etag)))
            {
                store.Undo(name, etag, before);
            }
        }

        private async ValueTask<T> CallAsync<T>(Func<T> call, CancellationToken cancellation)
        {
            var answered = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
            using var cancelled = cancellation.UnsafeRegister(_ => answered.TrySetCanceled(cancellation), null);
            store._world.After(store.Delay(), () => Arrive(call, answered));
            return await answered.Task;
        }

        private void Arrive<T>(Func<T> call, TaskCompletionSource<T> answered)
        {
            var world = store._world;
            if (store._network.IsCut(host, Host) || store._chance.Happens(store.Faults.FailChance))
            {
                world.After(store._chance.Ticks(0, Unreachable.Ticks), () => answered.TrySetException(new IOException("the store cannot be reached")));
                return;
            }

            try
            {
                var result = call();
                var isLost = store._network.IsCut(Host, host);
                world.After(isLost ? Unreachable.Ticks : store.Delay(), () => Answer(result, isLost, answered));
            }
            catch (IOException e)
            {
                world.After(store._chance.Ticks(0, Unreachable.Ticks), () => answered.TrySetException(e));
            }
        }

        private static void Answer<T>(T result, bool isLost, TaskCompletionSource<T> answered)
        {
            if (isLost)
            {
                answered.TrySetException(new IOException("the store did not answer"));
            }
            else
            {
                answered.TrySetResult(result);
            }
        }
    }}
