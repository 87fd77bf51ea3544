using Microsoft.Extensions.DependencyInjection;
using OrleansBroker.Abstractions.Messages;
using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Peers.Wire;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Tests;
using Orleans.Serialization;

namespace OrleansBroker.Grains.Tests.Messages;

/// <summary>Messages go through Orleans' own serializer, as a call between silos would take them.</summary>
public sealed class MessageCodecTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer(builder => builder.AddOrleansBrokerMessages()).BuildServiceProvider();

    public static TheoryData<string> Messages => [.. MessageCase.All.Select(message => message.Name)];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Random_messages_of_every_api_round_trip(string name) => Seeded.Run(random =>
    {
        var message = MessageCase.Find(name);
        var version = CarriedVersions.Of(message.Api);
        for (var round = 0; round < 10; round++)
        {
            var sent = message.Random(random, version);

            var received = Carry<object>(sent)!;

            Assert.IsType(sent.GetType(), received);
            Assert.Equal(message.Encode(sent, version), message.Encode(received, version));
        }
    });

    [Fact]
    public void What_stands_in_the_interface_of_a_grain_goes_in_a_version_that_no_build_changes()
    {
        var messages = typeof(IPartitionGrain).Assembly.GetTypes()
            .Where(type => type.IsInterface && type.IsAssignableTo(typeof(IGrain)))
            .SelectMany(grain => grain.GetMethods())
            .SelectMany(method => method.GetParameters().Select(parameter => parameter.ParameterType).Concat(method.ReturnType.GetGenericArguments()))
            .Where(CarriedMessages.Has)
            .Distinct()
            .ToArray();
        var apis = MessageCase.All.Where(message => messages.Any(type => type.Name == message.Name)).ToArray();

        Assert.Contains(typeof(AppendRequest), messages);
        Assert.NotEmpty(apis);
        Assert.All(apis, message => Assert.True(CarriedVersions.IsFixed(message.Api.Key), message.Name));
        Assert.All(apis, message => Assert.InRange(CarriedVersions.Of(message.Api), message.Api.VersionMin, message.Api.VersionMax));
    }

    [Fact]
    public void What_a_later_build_adds_to_a_message_of_the_grains_is_passed_over()
    {
        // kind, key 3, version 0; a batch of one byte; acks -1; timeout 7; one tagged field (tag 5, two bytes) that this build does not know.
        byte[] later = [(byte)MessageKind.Other, 0, 3, 0, 0, 2, 0xAB, 0xFF, 0xFF, 0, 0, 0, 7, 1, 5, 2, 1, 1];

        var read = Assert.IsType<AppendRequest>(CarriedMessages.Read(later));

        Assert.Equal((0xAB, -1, 7), (read.Batch.Span[0], read.Acks, read.TimeoutMs));
    }

    [Fact]
    public void A_question_arrives_as_it_was_asked()
    {
        var question = PeerMessages.Write(new PullAnnouncements(7, 41), MessageVersion.Newest);

        var received = Assert.IsType<PeerFrame>(Carry<object>(question));

        Assert.Equal((question.Kind, question.Version), (received.Kind, received.Version));
        Assert.Equal(question.Body.ToArray(), received.Body.ToArray());
    }

    [Fact]
    public void A_message_that_is_sent_twice_arrives_twice()
    {
        var question = PeerMessages.Write(new CatalogChanged(3), MessageVersion.Newest);

        var received = Carry<object?[]>([question, null, question, "and text", question])!;

        Assert.Equal([6, null, 6, "and text", 6], received.Select(each => each is PeerFrame frame ? (object)(int)frame.Kind : each));
    }

    [Fact]
    public void Messages_travel_as_members_of_lists_and_arrays()
    {
        var question = PeerMessages.Write(new CatalogChanged(3), MessageVersion.Newest);

        Assert.Equal([6, 6], Carry(new List<PeerFrame> { question, question })!.Select(frame => frame.Kind));
        Assert.Equal([6], Carry(new[] { question })!.Select(frame => frame.Kind));
        Assert.Equal(6, Carry(question)!.Kind);
        Assert.Null(Carry<PeerFrame?>(null));
    }

    [Fact]
    public void Who_does_not_know_yet_what_a_broker_can_read_is_understood()
    {
        _services.GetRequiredService<MessageVersion>().Agree([]);
        foreach (var type in new[] { typeof(BrokerIntroduction), typeof(PeerFrame) })
        {
            using var bytes = new OrleansBroker.Protocol.Records.PooledBuffer();

            CarriedMessages.Of(type).Write(Activator.CreateInstance(type)!, bytes);

            Assert.Equal(0, System.Buffers.Binary.BinaryPrimitives.ReadInt16BigEndian(bytes.Span[3..]));
        }
    }

    [Fact]
    public void A_call_within_a_silo_passes_the_message_itself()
    {
        var question = PeerMessages.Write(new CatalogChanged(3), MessageVersion.Newest);

        Assert.Same(question, _services.GetRequiredService<DeepCopier>().Copy(question));
    }

    [Fact]
    public void A_message_costs_few_bytes_besides_its_own()
    {
        var question = PeerMessages.Write(new CatalogChanged(3), MessageVersion.Newest);

        // The wire type and the codec's id, the length, the header, and the frame's own fields before its body.
        Assert.InRange(_services.GetRequiredService<Serializer>().SerializeToArray<object>(question).Length, 1, question.Body.Length + 20);
    }

    [Fact]
    public void A_version_of_a_later_build_is_refused()
    {
        byte[] later = [(byte)MessageKind.Other, 0, 1, 0x7F, 0, 0];

        Assert.Throws<MalformedMessageException>(() => CarriedMessages.Read(later));
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 2, 0, 1, 0 })]
    [InlineData(new byte[] { 2, 0, 99, 0, 0 })]
    [InlineData(new byte[] { 9, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 2, 0, 1, 0, 0 })]
    public void Bytes_that_are_no_message_are_refused(byte[] bytes) => Assert.Throws<MalformedMessageException>(() => CarriedMessages.Read(bytes));

    public void Dispose() => _services.Dispose();

    private T? Carry<T>(T message)
    {
        var serializer = _services.GetRequiredService<Serializer>();
        return serializer.Deserialize<T>(serializer.SerializeToArray(message));
    }
}
