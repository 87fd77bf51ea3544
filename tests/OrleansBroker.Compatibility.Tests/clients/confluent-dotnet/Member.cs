using System.Diagnostics;
using System.Text;
using Confluent.Kafka;

namespace ConfluentDriver;

/// <summary>One consumer with the thread that polls it, its records and its assignment.</summary>
internal sealed class Member
{
    private readonly IConsumer<byte[], byte[]> _consumer;
    private readonly object _changed = new();
    private readonly Dictionary<TopicPartition, long> _positions = [];
    private readonly Thread _thread;
    private List<object> _records = [];
    private List<TopicPartition> _assignment = [];
    private int _received;
    private KafkaException? _failure;
    private volatile bool _isOpen = true;

    public Member(IConsumer<byte[], byte[]> consumer)
    {
        _consumer = consumer;
        _thread = new Thread(Poll) { IsBackground = true };
    }

    public IConsumer<byte[], byte[]> Consumer => _consumer;

    public Member Start()
    {
        _thread.Start();
        return this;
    }

    public object Wait(int? received, int? partitions, int timeoutMs)
    {
        var clock = Stopwatch.StartNew();
        lock (_changed)
        {
            while (_failure is null && (_received < received || (partitions is not null && _assignment.Count != partitions)))
            {
                int leftMs = timeoutMs - (int)clock.ElapsedMilliseconds;
                if (leftMs <= 0 || !Monitor.Wait(_changed, leftMs))
                {
                    throw new TimeoutException($"waited {timeoutMs} ms in vain: {_received} received, assigned {string.Join(", ", _assignment)}");
                }
            }
            return _failure is not null ? throw _failure : new { Received = _received, Assignment = _assignment.Select(each => new object[] { each.Topic, each.Partition.Value }) };
        }
    }

    public object Take()
    {
        lock (_changed)
        {
            return Interlocked.Exchange(ref _records, []);
        }
    }

    public object Commit()
    {
        List<TopicPartitionOffset> offsets;
        lock (_changed)
        {
            offsets = [.. _positions.Select(each => new TopicPartitionOffset(each.Key, each.Value))];
        }
        _consumer.Commit(offsets);
        return offsets.Select(each => new[] { each.Partition.Value, each.Offset.Value });
    }

    public void Close()
    {
        _isOpen = false;
        _thread.Join();
        _consumer.Close();
        _consumer.Dispose();
    }

    private void Poll()
    {
        while (_isOpen)
        {
            try
            {
                ConsumeResult<byte[], byte[]>? result = _consumer.Consume(100);
                lock (_changed)
                {
                    _assignment = _consumer.Assignment;
                    if (result is not null)
                    {
                        Add(result);
                    }
                    Monitor.PulseAll(_changed);
                }
            }
            catch (ConsumeException exception) when (_consumer.Subscription.Count > 0)
            {
                // A group member is also told of what librdkafka gets over by itself.
                Console.Error.WriteLine(exception.Message);
            }
            catch (KafkaException exception)
            {
                lock (_changed)
                {
                    _failure = exception;
                    Monitor.PulseAll(_changed);
                }
                return;
            }
        }
    }

    private void Add(ConsumeResult<byte[], byte[]> result)
    {
        _received++;
        _positions[result.TopicPartition] = result.Offset.Value + 1;
        _records.Add(new
        {
            result.Topic,
            Partition = result.Partition.Value,
            Offset = result.Offset.Value,
            Timestamp = result.Message.Timestamp.UnixTimestampMs,
            Key = Text(result.Message.Key),
            Value = Text(result.Message.Value),
            Headers = result.Message.Headers.Select(each => new[] { each.Key, Text(each.GetValueBytes()) }),
        });
    }

    private static string? Text(byte[]? bytes) => bytes is null ? null : Encoding.UTF8.GetString(bytes);
}
