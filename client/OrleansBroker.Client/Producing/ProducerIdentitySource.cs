using Microsoft.Extensions.Logging;
using OrleansBroker.Client.Connections;
using OrleansBroker.Client.Metadata;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Client.Producing;

/// <summary>The id and epoch of an idempotent producer: asked for before its first batch, and again when the epochs of the id are used up. The sender's alone.</summary>
internal sealed partial class ProducerIdentitySource(Cluster cluster, WakeSignal wake, ILogger log)
{
    private readonly Backoff _backoff = new(cluster.Options.RetryBackoff, cluster.Options.RetryBackoffMax);
    private Task<ProducerIdentity>? _asking;

    /// <summary>None until the cluster has given one.</summary>
    public ProducerIdentity Current { get; private set; } = ProducerIdentity.None;

    /// <summary>Asks for an identity where there is none, and takes over one that has come.</summary>
    /// <exception cref="KafkaException">The cluster gives none to this client, ever.</exception>
    public void Ensure(CancellationToken stopping)
    {
        if (Current.Exists)
        {
            return;
        }

        if (_asking is null)
        {
            _asking = AskAsync(stopping);
            _ = _asking.ContinueWith(_ => wake.Set(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        if (_asking.IsCompleted)
        {
            Current = _asking.GetAwaiter().GetResult();
            _asking = null;
            NewProducerIdentity(Current.Id, Current.Epoch);
        }
    }

    /// <summary>Raises the epoch, so that sequences can begin anew; without a request, as it is nobody else's (KIP-360).</summary>
    public void Bump()
    {
        Current = Current.Epoch == short.MaxValue ? ProducerIdentity.None : Current with { Epoch = (short)(Current.Epoch + 1) };
        NewProducerIdentity(Current.Id, Current.Epoch);
    }

    /// <summary>Has another id asked for.</summary>
    public void Forget() => Current = ProducerIdentity.None;

    private async Task<ProducerIdentity> AskAsync(CancellationToken stopping)
    {
        for (var failures = 1; ; failures++)
        {
            try
            {
                // An id that is given to nobody costs nothing.
                var request = new InitProducerIdRequest { TransactionTimeoutMs = int.MaxValue };
                var response = await cluster.AskAnyAsync<InitProducerIdRequest, InitProducerIdResponse>(request, stopping).ConfigureAwait(false);
                return response.ErrorCode == ErrorCode.None
                    ? new ProducerIdentity(response.ProducerId, response.ProducerEpoch)
                    : throw new KafkaException(response.ErrorCode, "the cluster gives no producer id");
            }
            catch (KafkaException e) when (e.IsRetriable)
            {
                NoProducerIdentity(e.Message);
            }

            await Task.Delay(_backoff.After(failures), cluster.Options.Clock, stopping).ConfigureAwait(false);
        }
    }

    [LoggerMessage(7040, LogLevel.Debug, "producer id {ProducerId}, epoch {Epoch}")]
    private partial void NewProducerIdentity(long producerId, short epoch);

    [LoggerMessage(7041, LogLevel.Warning, "no producer id yet: {Reason}")]
    private partial void NoProducerIdentity(string reason);
}
