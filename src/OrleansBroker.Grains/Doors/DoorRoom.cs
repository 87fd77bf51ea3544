using OrleansBroker.Core;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Grains.Doors;

/// <summary>Bytes of record batches that callers inside Orleans may have a broker hold at a time: what does not fit waits.</summary>
internal sealed class DoorRoom(long bytesMax, TimeProvider clock)
{
    private readonly RequestBudget _budget = new(bytesMax);

    /// <exception cref="TimeoutException">There was no room in time.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    public async ValueTask TakeAsync(long bytes, TimeSpan atMost, CancellationToken cancellation)
    {
        if (bytes == 0)
        {
            return;
        }

        var reserving = _budget.ReserveAsync(bytes);
        try
        {
            await reserving.WithinAsync(atMost, clock, cancellation);
        }
        catch
        {
            _ = GiveBackAsync(reserving, bytes);
            throw;
        }
    }

    public void GiveBack(long bytes)
    {
        if (bytes > 0)
        {
            _budget.Release(bytes);
        }
    }

    private async Task GiveBackAsync(Task reserving, long bytes)
    {
        await reserving;
        GiveBack(bytes);
    }
}
