using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Peers.Wire;
using OrleansBroker.Core.Replication;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Tests.Peers;

/// <summary>Questions of brokers in bytes. That they mean the same on the other side is seen where clusters are tested: they ask each other so.</summary>
public sealed class PeerMessagesTests
{
    private static readonly PartitionState State = new()
    {
        TopicId = Guid.Parse("0a0b0c0d-0102-0304-0506-0708090a0b0c"),
        Partition = 3,
        Replicas = [new(1), new(2), new(3)],
        Adding = [new(3)],
        Removing = [new(1)],
        Leader = new(2),
        LeaderEpoch = new(7),
        Isr = [new IsrMember(new(2), 11), new IsrMember(new(1), 12)],
        Eligible = [new IsrMember(new(3), 13)],
        PartitionEpoch = 9,
        IsAutomatic = true,
    };

    [Fact]
    public void Every_question_can_be_sent()
    {
        var questions = typeof(PeerService).Assembly.GetTypes().Where(type => !type.IsAbstract && IsQuestion(type));
        Assert.Equal(questions.Select(type => type.Name).Order(), PeerMessages.RequestTypes.Select(type => type.Name).Order());
    }

    [Fact]
    public void A_state_arrives_as_it_was_sent()
    {
        var news = new Announcement(new BrokerId(2), 11, 5, 6, [State]);
        var arrived = Passed(new AnnouncementMessage(news)).ToNews();

        Assert.Equal(news with { States = arrived.States }, arrived);
        Assert.Equivalent(State, Assert.Single(arrived.States), strict: true);
    }

    [Fact]
    public void A_refusal_and_a_replica_that_is_not_there_arrive_as_they_were_sent()
    {
        DescribedReplica[] described = [new(new(State.TopicId, 1), null, null), new(new(State.TopicId, 2), new ReplicaEnd(new(3), new(2), 1L << 40), State)];
        AlteredReassignment[] altered = [new(new Refusal(ErrorCode.NoReassignmentInProgress, "none"), null), new(null, State)];

        Assert.Equivalent(described, Passed(new DescribedReplicasMessage(described)).ToDescribed(), strict: true);
        Assert.Equivalent(altered, Passed(new AlteredReassignmentsMessage(altered)).ToAltered(), strict: true);
    }

    [Fact]
    public void A_move_arrives_as_it_was_sent()
    {
        var request = new MoveReplicas([new(new(State.TopicId, 1), [new(1), new(2)], [new(3), new(2)])]);

        Assert.Equivalent(request, Passed(new MoveReplicasMessage(request)).ToRequest(), strict: true);
    }

    [Fact]
    public void A_build_that_knows_no_automatic_moves_is_told_of_a_state_without_them()
    {
        var news = new AnnouncementMessage(new Announcement(new BrokerId(2), 11, 5, 6, [State]));
        var told = MessageBytes.Read<AnnouncementMessage>(MessageBytes.Write(news, 0, flexible: true), 0, flexible: true);

        Assert.Equivalent(State with { IsAutomatic = false }, Assert.Single(told.ToNews().States), strict: true);
    }

    [Fact]
    public async Task A_question_of_a_later_build_is_refused()
    {
        var known = PeerMessages.Write(new CatalogChanged(1), PeerMessages.VersionMax);

        await Assert.ThrowsAsync<MalformedMessageException>(() => PeerMessages.AnswerAsync(new() { Kind = 1000, Version = known.Version, Body = known.Body }, null!).AsTask());
        await Assert.ThrowsAsync<MalformedMessageException>(() => PeerMessages.AnswerAsync(new() { Kind = known.Kind, Version = PeerMessages.VersionMax + 1, Body = known.Body }, null!).AsTask());
        Assert.Equal(PeerMessages.VersionMax, PeerMessages.Write(new CatalogChanged(1), PeerMessages.VersionMax + 1).Version);
    }

    private static T Passed<T>(T message)
        where T : Protocol.Wire.IWireStruct, new() => MessageBytes.Read<T>(MessageBytes.Write(message, PeerMessages.VersionMax, flexible: true), PeerMessages.VersionMax, flexible: true);

    private static bool IsQuestion(Type? type) =>
        type is not null && ((type.IsGenericType && type.GetGenericTypeDefinition() == typeof(PeerRequest<>)) || IsQuestion(type.BaseType));
}
