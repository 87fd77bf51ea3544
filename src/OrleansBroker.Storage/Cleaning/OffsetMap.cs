using System.Runtime.InteropServices;

namespace OrleansBroker.Storage.Cleaning;

/// <summary>
/// The greatest offset of each key in the dirty part of a log, by the key's hash: open addressing in memory outside the
/// heap, of a size fixed at the start.
/// <code>
///  slot (24 bytes):  | hash low 8 | hash high 8 | offset + 1, or 0 = free 8 |
/// </code>
/// The memory comes zeroed page by page as it is touched, and goes back when the map is disposed.
/// </summary>
internal sealed unsafe class OffsetMap : IDisposable
{
    public const int SlotBytes = 24;

    private readonly KeyHash _hash;
    private readonly ulong _slots;
    private readonly long _countMax;
    private Slot* _memory;

    /// <param name="memoryBytes">What the map may take.</param>
    /// <param name="loadFactor">The part of the slots that may be filled.</param>
    /// <param name="keysMax">How many keys can come at most; the map takes no more memory than they need.</param>
    public OffsetMap(long memoryBytes, double loadFactor, long keysMax, KeyHash hash)
    {
        var slotsMax = Math.Max(2, memoryBytes / SlotBytes);
        var slotsNeeded = keysMax < slotsMax ? (long)(keysMax / loadFactor) + 2 : long.MaxValue;
        _hash = hash;
        _slots = (ulong)Math.Min(slotsMax, slotsNeeded);
        _countMax = Math.Clamp((long)(_slots * loadFactor), 1, (long)_slots - 1);
        _memory = (Slot*)NativeMemory.AllocZeroed(checked((nuint)_slots), SlotBytes);
    }

    /// <summary>Different keys in the map.</summary>
    public long Count { get; private set; }

    /// <summary>Bytes taken.</summary>
    public long MemoryBytes => (long)_slots * SlotBytes;

    /// <summary>False where a new key finds the map full; nothing has changed then. Offsets of a key come in rising order.</summary>
    public bool TryPut(ReadOnlySpan<byte> key, long offset)
    {
        ref var slot = ref Find(key, out var low, out var high);
        if (slot.OffsetPlusOne == 0)
        {
            if (Count == _countMax)
            {
                return false;
            }

            Count++;
            slot.Low = low;
            slot.High = high;
        }

        slot.OffsetPlusOne = offset + 1;
        return true;
    }

    /// <summary>The greatest offset of the key, -1 where it is not in the map.</summary>
    public long Get(ReadOnlySpan<byte> key) => Find(key, out _, out _).OffsetPlusOne - 1;

    public void Dispose()
    {
        NativeMemory.Free(_memory);
        _memory = null;
    }

    // There is always a free slot: the load factor sees to it.
    private ref Slot Find(ReadOnlySpan<byte> key, out ulong low, out ulong high)
    {
        ObjectDisposedException.ThrowIf(_memory is null, this);
        (low, high) = _hash.Compute(key);
        var at = Math.BigMul(low, _slots, out _);
        while (true)
        {
            ref var slot = ref _memory[at];
            if (slot.OffsetPlusOne == 0 || (slot.Low == low && slot.High == high))
            {
                return ref slot;
            }

            at = at + 1 == _slots ? 0 : at + 1;
        }
    }

    private struct Slot
    {
        public ulong Low;
        public ulong High;
        public long OffsetPlusOne;
    }
}
