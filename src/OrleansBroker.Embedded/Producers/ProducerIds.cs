using OrleansBroker.Core;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Producers;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Producers;

/// <summary>Reserves blocks of producer ids in the document store and hands them out one by one.</summary>
internal sealed class ProducerIds(IDocumentStore documents) : IProducerIds, IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private ProducerIdBlock _block;

    public async ValueTask<ProducerId> NextAsync(CancellationToken cancellation)
    {
        await _turn.EnterAsync(cancellation);
        try
        {
            while (_block.IsUsedUp)
            {
                // Requests come on the thread that polls the sockets; a new block waits for the disk.
                await Task.Yield();

                // A write of unknown outcome throws and leaves the block as it was: the next call reads again, so that a
                // block that was reserved after all is skipped and never handed out twice.
                var stored = await documents.ReadAsync(ProducerIdBlock.DocumentName, cancellation);
                var (block, document) = ProducerIdBlock.Reserve(stored is null ? default : stored.Content.Span, stored is not null);
                if (await documents.WriteAsync(ProducerIdBlock.DocumentName, document, stored?.ETag, cancellation) is not null)
                {
                    _block = block;
                }
            }

            var id = new ProducerId(_block.Next);
            _block = _block with { Next = _block.Next + 1 };
            return id;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}
