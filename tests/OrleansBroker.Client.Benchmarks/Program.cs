using System.Globalization;
using OrleansBroker.Client.Benchmarks;

// Loads a broker through the managed client, and says what that cost this process. Prints one line of name=value.
//
//   produce BROKER TOPIC COUNT SIZE enqueue|await    COUNT records of SIZE bytes without a key, acks=all, idempotent
//   consume BROKER TOPIC COUNT                       partition 0 from the beginning
//
// A tenth of the records goes before, to have the code compiled; CPU time is in seconds, of user and system together.
if (args is ["produce", var broker, var topic, var count, var size, var way and ("enqueue" or "await")])
{
    Console.WriteLine(await Load.ProduceAsync(broker, topic, Number(count), Number(size), awaits: way == "await"));
}
else if (args is ["consume", var from, var name, var all])
{
    Console.WriteLine(await Load.ConsumeAsync(from, name, Number(all)));
}
else
{
    await Console.Error.WriteLineAsync("usage: produce BROKER TOPIC COUNT SIZE enqueue|await, or consume BROKER TOPIC COUNT");
    return 2;
}

return 0;

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
