namespace OrleansBroker.Client.Producing;

/// <summary>How many bytes of records may still be taken in: <c>buffer.memory</c>.</summary>
internal sealed class BufferBudget(long bytes)
{
    private long _left = bytes;

    public bool TryReserve(int bytes)
    {
        while (Volatile.Read(ref _left) is var left && left >= bytes)
        {
            if (Interlocked.CompareExchange(ref _left, left - bytes, left) == left)
            {
                return true;
            }
        }

        return false;
    }

    public void Release(int bytes) => Interlocked.Add(ref _left, bytes);
}
