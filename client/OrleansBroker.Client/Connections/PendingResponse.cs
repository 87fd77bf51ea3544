using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Client.Connections;

/// <summary>A request that was sent, and waits for its response.</summary>
internal abstract class PendingResponse
{
    public int CorrelationId { get; set; }

    /// <summary>By <see cref="ClockExtensions.MonotonicMs"/>.</summary>
    public long DeadlineMs { get; init; }

    /// <summary>Whether the response goes on using the bytes that it was read from, in a <see cref="ResponseFrame"/> of its own.</summary>
    public abstract bool KeepsFrame { get; }

    /// <param name="frame">What follows the size.</param>
    /// <param name="owner">Where the frame is to be kept: the one to release it; null otherwise.</param>
    /// <exception cref="Protocol.MalformedMessageException">The bytes are not the response.</exception>
    public abstract void Complete(ReadOnlyMemory<byte> frame, ResponseFrame? owner);

    public abstract void Fail(Exception exception);
}

/// <inheritdoc cref="PendingResponse"/>
/// <param name="keepsFrame">See <see cref="PendingResponse.KeepsFrame"/>.</param>
/// <param name="runsInline">Whether what awaits the response runs on the thread that reads the connection: for code of this library that is short and never waits.</param>
internal sealed class PendingResponse<TResponse>(ApiDescription api, short version, bool keepsFrame, bool runsInline) : PendingResponse
    where TResponse : class, IWireStruct, new()
{
    private readonly TaskCompletionSource<Answer<TResponse>> _answered =
        new(runsInline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<Answer<TResponse>> Task => _answered.Task;

    public override bool KeepsFrame => keepsFrame;

    public override void Complete(ReadOnlyMemory<byte> frame, ResponseFrame? owner)
    {
        var response = ResponseFraming.Read<TResponse>(frame, api, version, out _);

        // One who no longer waits does not release it.
        if (!_answered.TrySetResult(new Answer<TResponse>(response, version, owner)))
        {
            owner?.Dispose();
        }
    }

    public override void Fail(Exception exception) => _answered.TrySetException(exception);

    /// <summary>The caller does not wait any more; the response is passed over when it comes.</summary>
    public void Cancel(CancellationToken cancellation) => _answered.TrySetCanceled(cancellation);
}
