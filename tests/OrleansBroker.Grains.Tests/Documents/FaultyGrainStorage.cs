using System.Collections.Concurrent;
using System.Globalization;
using Orleans.Storage;

namespace OrleansBroker.Grains.Tests.Documents;

/// <summary>Grain storage that all silos of a test share, and that outlives them. It can fail, and it can lose its answers.</summary>
internal sealed class FaultyGrainStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<GrainId, (object? State, string ETag)> _records = new();
    private long _writes;

    /// <summary>Nothing is read or written.</summary>
    public bool IsAway { get; set; }

    /// <summary>What is written is written, but who wrote it is not told so.</summary>
    public bool LosesAnswers { get; set; }

    /// <summary>What is deleted leaves its ETag behind, as with Redis.</summary>
    public bool KeepsETags { get; init; }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        ThrowIfAway();
        var found = _records.TryGetValue(grainId, out var record);
        grainState.ETag = found ? record.ETag : null!;
        grainState.RecordExists = found && record.State is not null;
        if (grainState.RecordExists)
        {
            grainState.State = (T)record.State!;
        }

        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        ThrowIfAway();
        grainState.ETag = Swap(grainId, grainState.ETag, grainState.State);
        grainState.RecordExists = true;
        ThrowIfLost();
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        ThrowIfAway();
        var left = Swap(grainId, grainState.ETag, null);
        if (!KeepsETags)
        {
            _records.TryRemove(new(grainId, (null, left)));
        }

        grainState.RecordExists = false;
        ThrowIfLost();
        return Task.CompletedTask;
    }

    private string Swap(GrainId grainId, string? expected, object? state)
    {
        var next = (state, Interlocked.Increment(ref _writes).ToString(CultureInfo.InvariantCulture));
        var isSwapped = _records.TryGetValue(grainId, out var current)
            ? current.ETag == expected && _records.TryUpdate(grainId, next, current)
            : expected is null && _records.TryAdd(grainId, next);
        return isSwapped ? next.Item2 : throw new InconsistentStateException($"{grainId} is not at {expected}");
    }

    private void ThrowIfAway()
    {
        if (IsAway)
        {
            throw new TimeoutException("the storage is away");
        }
    }

    private void ThrowIfLost()
    {
        if (LosesAnswers)
        {
            throw new TimeoutException("the answer is lost");
        }
    }
}
