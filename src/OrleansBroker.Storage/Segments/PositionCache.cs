namespace OrleansBroker.Storage.Segments;

/// <summary>
/// Where the batches begin that will be asked for next: behind the latest appends, where the high watermark and the readers
/// of the tail are, and behind the latest reads, where readers go on. Saves them the index and the walk.
/// </summary>
internal sealed class PositionCache
{
    private const int AppendSlots = 4;
    private const int ReadSlots = 4;

    private readonly Lock _gate = new();
    private Slot[] _slots = [];
    private int _nextAppend;
    private int _nextRead;

    public void NoteAppend(long offset, Segment segment, int position)
    {
        lock (_gate)
        {
            Reserve();
            _slots[_nextAppend] = new Slot(offset, segment, position);
            _nextAppend = (_nextAppend + 1) % AppendSlots;
        }
    }

    public void NoteRead(long offset, Segment segment, int position)
    {
        lock (_gate)
        {
            Reserve();
            _slots[AppendSlots + _nextRead] = new Slot(offset, segment, position);
            _nextRead = (_nextRead + 1) % ReadSlots;
        }
    }

    /// <summary>Where in a segment the batch that begins with an offset lies, or will lie.</summary>
    public bool TryGet(long offset, Segment segment, out int position)
    {
        lock (_gate)
        {
            foreach (ref readonly var slot in _slots.AsSpan())
            {
                if (slot.Offset == offset && ReferenceEquals(slot.Segment, segment))
                {
                    position = slot.Position;
                    return true;
                }
            }
        }

        position = 0;
        return false;
    }

    public void Clear()
    {
        lock (_gate)
        {
            Array.Clear(_slots);
        }
    }

    // An idle log has none.
    private void Reserve()
    {
        if (_slots.Length == 0)
        {
            _slots = new Slot[AppendSlots + ReadSlots];
        }
    }

    private readonly record struct Slot(long Offset, Segment Segment, int Position);
}
