using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Storage.Appending;

/// <summary>Gives batches the codec that a topic's compression.type asks for. Records stay as they are, read or not.</summary>
internal static class Recompression
{
    public static bool IsDue(ReadOnlySpan<byte> batches, LogConfig config, AppendOrigin origin)
    {
        if (config.Compression is null || origin == AppendOrigin.Replication)
        {
            return false;
        }

        for (var rest = batches; rest.Length > 0; rest = rest[new RecordBatchView(rest).SizeBytes..])
        {
            if (new RecordBatchView(rest).Compression != config.Compression)
            {
                return true;
            }
        }

        return false;
    }

    /// <param name="recompressed">Receives all the batches, in the topic's codec.</param>
    public static bool TryRecompress(ReadOnlySpan<byte> batches, LogConfig config, PooledBuffer recompressed, out AppendResult failure)
    {
        failure = default;
        using var plain = new PooledBuffer();
        using var builder = new RecordBatchBuilder(config.Compression!.Value, config.CompressionLevel);
        try
        {
            for (var rest = batches; rest.Length > 0;)
            {
                var batch = new RecordBatchView(rest);
                plain.Clear();
                RecordCompression.Decompress(batch.Compression, batch.Records, plain, RecordInspector.DecompressedBytesMax);
                builder.StartLike(batch);
                builder.AppendAll(plain.Span, batch.Count);
                var sizeBytes = builder.BuildInto(recompressed);
                if (sizeBytes > config.MaxMessageBytes)
                {
                    failure = AppendResult.Failed(
                        ErrorCode.MessageTooLarge, $"a record batch of {sizeBytes} bytes after compression, where max.message.bytes is {config.MaxMessageBytes}");
                    return false;
                }

                rest = rest[batch.SizeBytes..];
            }

            return true;
        }
        catch (MalformedMessageException e)
        {
            failure = AppendResult.Failed(ErrorCode.InvalidRecord, e.Message);
        }
        catch (NotSupportedException e)
        {
            failure = AppendResult.Failed(ErrorCode.UnsupportedCompressionType, e.Message);
        }

        return false;
    }
}
