using System.Buffers;

namespace OrleansBroker.Client.Connections;

/// <summary>A response's bytes in a rented array, which goes back when nobody uses it any more.</summary>
internal sealed class ResponseFrame(int size) : IDisposable
{
    private byte[]? _array = ArrayPool<byte>.Shared.Rent(size);
    private int _users = 1;

    public Memory<byte> Memory => _array.AsMemory(0, size);

    public int SizeBytes => size;

    /// <summary>One more that is to call <see cref="Dispose"/>.</summary>
    public void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>Once for each user.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            ArrayPool<byte>.Shared.Return(Interlocked.Exchange(ref _array, null)!);
        }
    }
}
