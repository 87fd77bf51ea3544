using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Embedded.Topics;

/// <summary>The catalog as the clients of one broker reach it: requests go to the controller, which may be this broker.</summary>
/// <param name="local">This broker's own.</param>
internal sealed class ClusterCatalog(CatalogHost local, BrokerId self, IMembership membership, IPeers peers, TimeProvider clock) : ITopicCatalog
{
    /// <summary>How long a request looks for a controller that answers, where it does not say.</summary>
    private static readonly TimeSpan PatienceDefault = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(100);

    public ValueTask<CreateTopicsResponse> CreateTopicsAsync(CreateTopicsRequest request, CancellationToken cancellation) => SendAsync(
        catalog => catalog.CreateTopicsAsync(request, cancellation), new ForwardedCreateTopics(request), isRepeatable: false, Patience(request.TimeoutMs), refusal => CatalogRefusals.CreateTopics(request, refusal), cancellation);

    public ValueTask<DeleteTopicsResponse> DeleteTopicsAsync(DeleteTopicsRequest request, CancellationToken cancellation) => SendAsync(
        catalog => catalog.DeleteTopicsAsync(request, cancellation), new ForwardedDeleteTopics(request), isRepeatable: false, Patience(request.TimeoutMs), refusal => CatalogRefusals.DeleteTopics(request, refusal), cancellation);

    public ValueTask<CreatePartitionsResponse> CreatePartitionsAsync(CreatePartitionsRequest request, CancellationToken cancellation) => SendAsync(
        catalog => catalog.CreatePartitionsAsync(request, cancellation), new ForwardedCreatePartitions(request), isRepeatable: false, Patience(request.TimeoutMs), refusal => CatalogRefusals.CreatePartitions(request, refusal), cancellation);

    public ValueTask<AlterConfigsResponse> AlterConfigsAsync(AlterConfigsRequest request, CancellationToken cancellation) => SendAsync(
        catalog => catalog.AlterConfigsAsync(request, cancellation), new ForwardedAlterConfigs(request), isRepeatable: true, PatienceDefault, refusal => CatalogRefusals.AlterConfigs(request, refusal), cancellation);

    public ValueTask<IncrementalAlterConfigsResponse> IncrementalAlterConfigsAsync(IncrementalAlterConfigsRequest request, CancellationToken cancellation) => SendAsync(
        catalog => catalog.IncrementalAlterConfigsAsync(request, cancellation), new ForwardedIncrementalAlterConfigs(request), isRepeatable: true, PatienceDefault, refusal => CatalogRefusals.IncrementalAlterConfigs(request, refusal), cancellation);

    public ValueTask<ErrorCode[]> CreateOnFirstUseAsync(IReadOnlyList<string> names, CancellationToken cancellation) => local.KnowsAll(names)
        ? new(new ErrorCode[names.Count])
        : SendAsync(
            catalog => catalog.CreateOnFirstUseAsync(names, cancellation), new ForwardedFirstUse(names), isRepeatable: true, PatienceDefault, refusal => CatalogRefusals.FirstUse(names, refusal), cancellation);

    private static TimeSpan Patience(int timeoutMs) => TimeSpan.FromMilliseconds(Math.Max(0, timeoutMs));

    /// <param name="isRepeatable">Whether the request may be sent again where it is not known if it was executed.</param>
    private async ValueTask<TResponse> SendAsync<TResponse>(
        Func<ITopicCatalog, ValueTask<TResponse>> execute, PeerRequest<TResponse> forwarded, bool isRepeatable, TimeSpan patience, Func<Refusal, TResponse> refuse, CancellationToken cancellation)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            var controller = membership.Current.Controller;
            if (controller == self)
            {
                return await execute(local);
            }

            var refusal = new Refusal(ErrorCode.NotController, "The cluster has no controller at the moment");
            if (controller != BrokerId.None)
            {
                try
                {
                    return await peers.AskAsync(controller, forwarded, cancellation);
                }
                catch (IOException e)
                {
                    refusal = new Refusal(ErrorCode.RequestTimedOut, $"The controller, broker {controller}, did not answer: {e.Message}");
                }
            }

            if (clock.GetElapsedTime(began) >= patience || (controller != BrokerId.None && !isRepeatable))
            {
                return refuse(refusal);
            }

            await Task.Delay(AskAgainAfter, clock, cancellation);
        }
    }
}
