using OrleansBroker.Core;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Storage;
using static OrleansBroker.Protocol.Messages.DescribeLogDirsResponse;

namespace OrleansBroker.Server.Handlers;

/// <summary>Versions 1 to 4: the one data directory, what lies in it of the topics asked for (null: of all), and since version 4 its room (KIP-827). The file system is asked, so this is done on the thread pool.</summary>
internal sealed class DescribeLogDirsHandler(BrokerServices broker) : IHandler<DescribeLogDirsRequest, DescribeLogDirsResponse>
{
    public async ValueTask<DescribeLogDirsResponse> HandleAsync(DescribeLogDirsRequest request, RequestContext context)
    {
        await Task.Yield();
        return new DescribeLogDirsResponse { Results = [Describe(Wanted(request))] };
    }

    private IEnumerable<PartitionLog> Wanted(DescribeLogDirsRequest request) => request.Topics is null
        ? broker.Logs.Logs
        : from topic in request.Topics
          from partition in topic.Partitions.Distinct()
          let log = broker.Logs.Find(new TopicPartition(topic.Topic, partition))
          where log is not null
          select log;

    private DescribeLogDirsResult Describe(IEnumerable<PartitionLog> logs)
    {
        var result = new DescribeLogDirsResult
        {
            LogDir = broker.Logs.Path,
            Topics =
            [
                .. from log in logs
                   group log by log.Partition.Topic into topic
                   orderby topic.Key
                   select new DescribeLogDirsTopic
                   {
                       Name = topic.Key,
                       Partitions =
                       [
                           .. from log in topic
                              orderby log.Partition.Partition
                              select new DescribeLogDirsPartition { PartitionIndex = log.Partition.Partition, PartitionSize = log.SizeBytes },
                       ],
                   },
            ],
        };
        try
        {
            (result.UsableBytes, result.TotalBytes) = broker.Logs.Files.Space(broker.Logs.Path);
        }
        catch (IOException)
        {
            result.ErrorCode = ErrorCode.KafkaStorageError;
        }

        return result;
    }
}
