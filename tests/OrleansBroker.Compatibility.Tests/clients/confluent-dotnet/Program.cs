using System.Text.Json;
using System.Text.Json.Nodes;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using ConfluentDriver;

// Confluent.Kafka behind the driver protocol: one JSON command a line on standard input, one JSON answer a line on
// standard output. Commands run side by side; `id` pairs the two.
var commands = new Commands(args[0]);
var output = new Lock();
while (Console.ReadLine() is { } line)
{
    JsonObject parameters = JsonNode.Parse(line)!.AsObject();
    _ = Task.Factory.StartNew(() => Run(parameters), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
Environment.Exit(0);

void Run(JsonObject parameters)
{
    var answer = new JsonObject { ["id"] = (int)parameters["id"]! };
    try
    {
        answer["result"] = JsonSerializer.SerializeToNode(commands.Run((string)parameters["command"]!, parameters), JsonSerializerOptions.Web);
    }
    catch (Exception exception)
    {
        answer["error"] = new JsonObject { ["code"] = CodeOf(exception), ["message"] = $"{exception.GetType().Name}: {exception.Message}" };
    }
    lock (output)
    {
        Console.WriteLine(answer.ToJsonString());
    }
}

static int? CodeOf(Exception exception) => exception switch
{
    CreateTopicsException e => (int)e.Results[0].Error.Code,
    DeleteTopicsException e => (int)e.Results[0].Error.Code,
    CreatePartitionsException e => (int)e.Results[0].Error.Code,
    DescribeConfigsException e => (int)e.Results[0].Error.Code,
    AlterConfigsException e => (int)e.Results[0].Error.Code,
    IncrementalAlterConfigsException e => (int)e.Results[0].Error.Code,
    DeleteRecordsException e => (int)e.Results[0].Error.Code,
    DeleteGroupsException e => (int)e.Results[0].Error.Code,
    DescribeTopicsException e => (int)e.Results.TopicDescriptions[0].Error.Code,
    DescribeConsumerGroupsException e => (int)e.Results.ConsumerGroupDescriptions[0].Error.Code,
    KafkaException e => (int)e.Error.Code,
    AggregateException e => CodeOf(e.InnerExceptions[0]),
    _ => null,
};
